"""URL routes of the WebSockets."""

from channels.security.websocket import WebsocketDenier
from django.urls import path, re_path

from batches.live.consumers import BatchConsumer, OwnerConsumer

websocket_urlpatterns = [
    path("ws/batches/", OwnerConsumer.as_asgi(), name="owner-socket"),
    path("ws/batches/<int:batch_id>/", BatchConsumer.as_asgi(), name="batch-socket"),
    # Reject all other paths. Without this, each request for an unknown path would log an error, so anyone could fill
    # the log.
    re_path(r"", WebsocketDenier.as_asgi()),
]
