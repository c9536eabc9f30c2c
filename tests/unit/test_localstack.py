"""The embedded servers' paths, ports, programs, user account and secret key, and the errors if one is unusable."""

import importlib.util
import os
import signal
import socket
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from django.core.management import CommandError, call_command

from vuemantics.localstack import StartError, local_secret_key, local_urls
from vuemantics.localstack.os_account import choose_account
from vuemantics.localstack.ports import check_port_is_free, is_serving, parse_port
from vuemantics.localstack.postgres import postgres_programs
from vuemantics.localstack.process import Account
from vuemantics.localstack.redis import redis_program


def test_local_urls_do_not_depend_on_how_the_directory_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert local_urls(Path("var")) == local_urls(tmp_path / "x" / ".." / "var")
    assert local_urls(tmp_path / "var") != local_urls(tmp_path / "other")


def test_socket_paths_are_short_below_a_long_directory(tmp_path: Path) -> None:
    folder = tmp_path / ("a" * 200) / ("b" * 200)

    database_url, redis_url = local_urls(folder)

    assert len(unquote(urlsplit(database_url).hostname or "") + "/.s.PGSQL.5432.lock") < 90
    assert len(urlsplit(redis_url).path) < 90


def test_secret_key_is_created_once_and_private(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: local_secret_key(tmp_path / "var"), range(32)))

    assert len(keys) == 1
    assert len(keys.pop()) >= 50
    [path] = (tmp_path / "var").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_missing_wheels_are_reported_with_the_variable_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(StartError, match="set DATABASE_URL to a PostgreSQL with pgvector"):
        postgres_programs()
    with pytest.raises(StartError, match="install redis-server, or set REDIS_URL"):
        redis_program()


def test_redis_server_on_the_path_replaces_a_missing_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "redis-server"
    program.touch(0o755)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert redis_program() == program


@pytest.mark.parametrize(
    ("version", "used"),
    [("Redis server v=7.0.15 sha=0", True), ("Valkey server v=8.1.0 sha=0", True), ("Redis server v=6.0.16", False)],
)
def test_redis_server_on_the_path_is_preferred_if_it_is_newer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, used: bool
) -> None:
    program = tmp_path / "redis-server"
    program.write_text(f"#!/bin/sh\necho '{version}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")

    assert (redis_program() == program) is used


def test_missing_setpriv_is_reported_with_the_package_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    other = Account(os.getuid() + 1, os.getgid())

    with pytest.raises(StartError, match="setpriv is missing: install util-linux"):
        other.command_prefix(signal.SIGINT)


def test_postgres_never_runs_as_root(tmp_path: Path) -> None:
    account = choose_account(tmp_path / "missing")

    assert account.uid != 0
    assert account.uid == os.getuid() or os.getuid() == 0


def test_used_port_is_refused_with_the_next_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        with pytest.raises(StartError, match=rf"Port {port} .*in use.* make run PORT={port + 1}"):
            check_port_is_free("127.0.0.1", port)

    check_port_is_free("127.0.0.1", port)
    assert not is_serving("127.0.0.1", port)


def test_unknown_host_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)  # some resolvers answer every name

    with pytest.raises(StartError, match="make run HOST"):
        check_port_is_free("no.such.host.invalid", 8000)


@pytest.mark.parametrize("text", ["70000", "65536", "abc", "0", "-1", "", "٣"])
def test_invalid_port_is_refused(text: str) -> None:
    with pytest.raises(StartError, match="is not a port number: make run PORT"):
        parse_port(text)


def test_run_command_refuses_an_invalid_port_before_it_starts_anything() -> None:
    with pytest.raises(CommandError, match=r"^abc is not a port number: make run PORT=8000$"):
        call_command("run", port="abc")
