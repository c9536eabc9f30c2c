"""A web server for a bench, and requests with a signed-in user's session. Needs a running bench.stack."""

import http.client
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

from django.contrib.auth.models import User
from django.test import Client

from bench.stack import web

WARM_UP_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Site:
    port: int
    pid: int

    @property
    def address(self) -> str:
        """The site's URL without a path."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def site() -> Iterator[Site]:
    """Run a web server with the whole site for the duration of the `with` block."""
    with web() as (port, pid):
        yield Site(port, pid)


def session_of(owner: str) -> str:
    """Sign a user in and return the session key."""
    user, _ = User.objects.get_or_create(username=owner)
    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].value


def first_bytes_ms(site: Site, session: str, paths: list[str], rounds: int) -> list[float]:
    """Return, for each path, the median time from the request to the first byte of the response, in ms.

    Each round requests every path once, on one persistent connection. WARM_UP_ROUNDS extra rounds come first and are
    not counted.
    """
    connection = http.client.HTTPConnection("127.0.0.1", site.port)
    times: dict[str, list[float]] = {path: [] for path in paths}
    for round_number in range(WARM_UP_ROUNDS + rounds):
        for path in paths:
            start = time.perf_counter()
            connection.request("GET", path, headers={"Cookie": f"sessionid={session}"})
            response = connection.getresponse()
            seconds = time.perf_counter() - start
            response.read()
            if response.status != 200:
                raise SystemExit(f"{path} returned status {response.status}.")
            if round_number >= WARM_UP_ROUNDS:
                times[path].append(seconds * 1000)
    connection.close()
    return [median(times[path]) for path in paths]
