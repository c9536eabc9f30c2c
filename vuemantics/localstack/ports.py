"""The TCP port of the web server: whether it is free, and whether something answers there."""

import http.client
import re
import socket

from vuemantics.localstack.start_error import StartError

EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (compared, not bound)


def port_number(words: str) -> int:
    """Read a port. Raises StartError with the mend."""
    if not re.fullmatch("[0-9]{1,5}", words, re.ASCII) or not 0 < int(words) < 2**16:
        raise StartError(f"{words} is no port: make run PORT=8000")
    return int(words)


def refuse_used_port(host: str, port: int) -> None:
    """Raise StartError with the mend if the web server could not listen there."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except socket.gaierror:
        raise StartError(f"{host} is no address of this machine: make run HOST=127.0.0.1") from None
    except OSError as error:
        another = port + 1 if port >= 1024 else 8000
        raise StartError(f"Port {port} on {host}: {error.strerror}. Choose another: make run PORT={another}") from None


def reachable(host: str) -> str:
    """The host by which this machine reaches its own server."""
    return EVERYWHERE.get(host, host)


def answers(host: str, port: int) -> bool:
    """Whether a web server answers there, whatever it says."""
    client = http.client.HTTPConnection(reachable(host), port, timeout=5)
    try:
        client.request("GET", "/")
        client.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        client.close()
    return True
