"""PostgreSQL applies the session options from the settings and from DATABASE_URL."""

import psycopg
import pytest

from tests.support.servers import Services
from vuemantics.connections import pooled_database

IDLE, STATEMENT = "idle_in_transaction_session_timeout", "statement_timeout"


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        (f"{STATEMENT}%3D61s", {STATEMENT: "61s", IDLE: "10s"}),
        (f"{IDLE}%3D5s", {IDLE: "5s"}),
    ],
    ids=["added", "overridden"],
)
def test_options_of_the_url_take_precedence(all_services: Services, option: str, expected: dict[str, str]) -> None:
    options = pooled_database(f"postgresql://host/name?options=-c%20{option}", 1)["OPTIONS"]["options"]

    with psycopg.connect(all_services.database_url, options=options) as session:
        found = {name: session.execute(f"SHOW {name}").fetchone() for name in expected}

    assert found == {name: (value,) for name, value in expected.items()}
