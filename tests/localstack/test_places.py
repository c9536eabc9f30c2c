"""What follows from a folder alone, and the words for machines that lack something."""

import importlib.util
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from vuemantics.localstack import StartError, local_secret_key, local_urls
from vuemantics.localstack.os_account import choose_account
from vuemantics.localstack.postgres import postgres_programs
from vuemantics.localstack.process import Account
from vuemantics.localstack.redis import redis_program


def test_local_urls_are_the_same_for_every_way_to_name_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert local_urls(Path("var")) == local_urls(tmp_path / "x" / ".." / "var")
    assert local_urls(tmp_path / "var") != local_urls(tmp_path / "other")


def test_local_urls_keep_sockets_short_below_a_long_folder(tmp_path: Path) -> None:
    folder = tmp_path / ("a" * 200) / ("b" * 200)

    database_url, redis_url = local_urls(folder)

    assert len(unquote(urlsplit(database_url).hostname or "") + "/.s.PGSQL.5432.lock") < 90
    assert len(urlsplit(redis_url).path) < 90


def test_secret_key_is_made_once_and_private(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: local_secret_key(tmp_path / "var"), range(32)))

    assert len(keys) == 1
    assert len(keys.pop()) >= 50
    [path] = (tmp_path / "var").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_missing_wheels_say_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(StartError, match="set DATABASE_URL to a PostgreSQL with pgvector"):
        postgres_programs()
    with pytest.raises(StartError, match="install redis-server, or set REDIS_URL"):
        redis_program()


def test_redis_server_on_path_serves_where_the_wheel_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "redis-server"
    program.touch(0o755)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert redis_program() == program


def test_account_without_setpriv_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    another = Account(os.getuid() + 1, os.getgid())

    with pytest.raises(StartError, match="setpriv is missing: install util-linux"):
        another.prefix(death=2)  # type: ignore[arg-type]


def test_data_folder_chooses_the_account_that_runs_postgres(tmp_path: Path) -> None:
    account = choose_account(tmp_path / "none yet")

    assert account.uid != 0
    assert account.uid == os.getuid() or os.getuid() == 0
