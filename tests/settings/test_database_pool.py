"""How many connections to PostgreSQL each kind of process may have, and with which options."""

import json
import os
import subprocess
import sys

import psycopg
import pytest

from tests.support.servers import Services
from tests.support.worker_processes import ROOT
from vuemantics.connections import pooled_database
from vuemantics.server.database_pool import WEB_CONNECTIONS

SIZE = "import json; from django.db import connection; print(json.dumps(connection.pool.max_size))"
ADDRESS = "postgresql://host/name"


def pool_size(before: str) -> int:
    """The size of the pool in a process that has done this."""
    done = subprocess.run(
        [sys.executable, "-c", f"{before}; {SIZE}"],
        cwd=ROOT,
        env=os.environ | {"VUEMANTICS_WORKER_THREADS": "1", "DJANGO_SETTINGS_MODULE": "vuemantics.settings"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return int(json.loads(done.stdout))


def test_web_process_has_room_for_its_own_threads() -> None:
    assert pool_size("import vuemantics.asgi") == WEB_CONNECTIONS > 4 + 4 + 3


def test_worker_process_has_room_for_its_threads_and_six_more() -> None:
    assert pool_size("import django; django.setup()") == 1 + 6


@pytest.mark.parametrize("page", ["README.md", "docs/operating.md"])
def test_documents_name_the_size_of_the_web_process(page: str) -> None:
    text = (ROOT / page).read_text()

    assert f"up to {WEB_CONNECTIONS}." in text or f"has {WEB_CONNECTIONS}, " in text


def test_options_of_the_address_reach_the_server_beside_ours(all_services: Services) -> None:
    mark = "&" if "?" in all_services.database_url else "?"
    address = f"{all_services.database_url}{mark}options=-c%20statement_timeout%3D61s"

    options = pooled_database(address, 1)["OPTIONS"]["options"]

    with psycopg.connect(all_services.database_url, options=options) as session:
        assert session.execute("SHOW statement_timeout").fetchone() == ("61s",)
        assert session.execute("SHOW idle_in_transaction_session_timeout").fetchone() == ("10s",)


def test_option_of_the_address_counts_more_than_ours(all_services: Services) -> None:
    address = f"{ADDRESS}?options=-c%20idle_in_transaction_session_timeout%3D5s"

    options = pooled_database(address, 1)["OPTIONS"]["options"]

    with psycopg.connect(all_services.database_url, options=options) as session:
        assert session.execute("SHOW idle_in_transaction_session_timeout").fetchone() == ("5s",)


def test_schema_of_the_address_is_kept() -> None:
    options = pooled_database(f"{ADDRESS}?currentSchema=photos", 1)["OPTIONS"]["options"]

    assert "-c search_path=photos" in options
