"""The settings of a model server."""

from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """A model server with its vision model and its embedding model. `key` is sent as a bearer token unless it is empty.

    Connecting to an address of the server and encrypting the connection may take `connect_seconds` each. Sending a
    request and receiving the whole answer may then take `read_seconds`. Each process sends at most `concurrency`
    requests at a time; further requests wait for at most `pool_seconds`, or without limit if that is None.
    """

    url: str
    model: str
    embedding_model: str
    connect_seconds: float
    read_seconds: float
    concurrency: int
    key: str = field(repr=False, default="")
    pool_seconds: float | None = None

    @property
    def name(self) -> str:
        """The host and port, for display."""
        return urlsplit(self.url).netloc.rpartition("@")[2]

    @property
    def on_this_machine(self) -> bool:
        """Whether the server is reached through the loopback interface."""
        host = urlsplit(self.url).hostname or ""
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"
