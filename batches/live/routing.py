"""The ASGI application for WebSockets: the origin check, authentication and routes."""

from typing import Any

from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from channels.security.websocket import WebsocketDenier
from django.urls import path, re_path

from batches.live.consumers import BatchConsumer, OwnerConsumer
from uploads.request_origin import host_is_served, is_same_origin

websocket_urlpatterns = [
    path("ws/batches/", OwnerConsumer.as_asgi(), name="owner-socket"),
    path("ws/batches/<int:batch_id>/", BatchConsumer.as_asgi(), name="batch-socket"),
    # Reject all other paths. Without this, each request for an unknown path would log an error, so anyone could fill
    # the log.
    re_path(r"", WebsocketDenier.as_asgi()),
]


class SameOriginValidator:
    """ASGI middleware that denies a WebSocket unless its Origin has the scheme, host and port of this site.

    Channels' own validator compares only host names, so a page on another port of this host could open a socket with
    the user's cookies.
    """

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        same = is_same_origin(headers.get("origin", ""), scope.get("scheme", "ws"), headers)
        allowed = host_is_served(headers.get("host", "")) and same
        await (self.application if allowed else WebsocketDenier())(scope, receive, send)


websocket_application = SameOriginValidator(AuthMiddlewareStack(URLRouter(websocket_urlpatterns)))
