"""The lines in which `manage.py run` explains how to reach the site from other devices."""

import socket
from collections.abc import Sequence

from django.http.request import validate_host

from vuemantics.localstack.ports import local_host

# An address of the documentation range (RFC 5737). Connecting a UDP socket sends nothing; it only selects a route.
_ANYWHERE = ("192.0.2.1", 9)


def lan_address() -> str:
    """Return this machine's address on its network, or an empty string if it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_ANYWHERE)
        except OSError:
            return ""
        return str(probe.getsockname()[0])


def network_lines(host: str, port: int, allowed: Sequence[str], lan: str) -> list[str]:
    """Return lines with the address for other devices and, if needed, how to allow that address.

    `host` is the address on which the server listens, `allowed` is ALLOWED_HOSTS, and `lan` is this machine's address
    on the network. If the server accepts connections only from this machine, or if `lan` is needed but empty, the list
    is empty.
    """
    every_interface = local_host(host) != host
    name = lan if every_interface else host
    if not name or name in {"localhost", "127.0.0.1", "::1"}:
        return []
    shown = f"[{name}]" if ":" in name else name
    lines = [f"From other devices: http://{shown}:{port}/"]
    if not validate_host(shown, list(allowed)):
        names = ",".join([*(own for own in allowed if own not in {"localhost", "127.0.0.1", "[::1]"}), shown])
        command = f"VUEMANTICS_HOSTS={names} make run HOST={host}" + (f" PORT={port}" if port != 8000 else "")
        lines.append(f"This address is refused until you allow it. Press Ctrl-C, then run: {command}")
    return lines
