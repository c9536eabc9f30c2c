"""Tell users where their pictures are analysed."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from uploads.analysis.model_servers.server_settings import ServerSettings

EMBEDDED = frozenset({"local", "clip"})
"""The providers that run in this program and use no server."""


@dataclass(frozen=True, slots=True)
class Disclosure:
    """The model servers that receive `pictures` and `texts`, if any. `private` is true if pictures stay on this server.

    `private` is also false for a bucket, for a site's own provider class, about which nothing is known, and for a model
    server on this machine, which may forward requests.
    """

    private: bool
    pictures: ServerSettings | None
    texts: ServerSettings | None


def disclose() -> Disclosure:
    """Return the disclosure for the site's providers."""
    servers: dict[str, ServerSettings] = {"ollama": settings.OLLAMA, "openai": settings.OPENAI}
    providers = {settings.DESCRIBER, settings.EMBEDDER}
    private = providers <= EMBEDDED and not settings.S3.bucket
    return Disclosure(private, servers.get(settings.DESCRIBER), servers.get(settings.EMBEDDER))


def analysis_disclosure(request: HttpRequest) -> dict[str, Any]:
    """Return the variables for the banner on owners' pages. This is a context processor."""
    return {"disclosure": disclose()}
