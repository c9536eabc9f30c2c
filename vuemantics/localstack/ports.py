"""Check whether the TCP port of the web server is free, and whether a server responds on it."""

import http.client
import re
import socket

from vuemantics.localstack.process import StartError

LOOPBACK_OF = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (compared, not bound)


def parse_port(text: str) -> int:
    """Return the port number. Raises StartError if `text` is not one."""
    if not re.fullmatch("[0-9]{1,5}", text, re.ASCII) or not 0 < int(text) < 2**16:
        raise StartError(f"{text} is not a port number: make run PORT=8000")
    return int(text)


def check_port_is_free(host: str, port: int) -> None:
    """Raise StartError if the web server could not listen on this address."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except socket.gaierror:
        raise StartError(f"{host} is not an address of this machine: make run HOST=127.0.0.1") from None
    except OSError as error:
        other = port + 1 if port >= 1024 else 8000
        raise StartError(f"Port {port} on {host}: {error.strerror}. Choose another: make run PORT={other}") from None


def local_host(host: str) -> str:
    """Return the host name under which this machine reaches its own server."""
    return LOOPBACK_OF.get(host, host)


def is_serving(host: str, port: int) -> bool:
    """Return whether a web server responds at this address, whatever the status."""
    client = http.client.HTTPConnection(local_host(host), port, timeout=5)
    try:
        client.request("GET", "/")
        client.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        client.close()
    return True
