"""The addresses of the sockets."""

from channels.security.websocket import WebsocketDenier
from django.urls import path, re_path

from batches.live.consumers import BatchConsumer, OwnerConsumer

websocket_urlpatterns = [
    path("ws/batches/", OwnerConsumer.as_asgi(), name="owner-socket"),
    path("ws/batches/<int:batch_id>/", BatchConsumer.as_asgi(), name="batch-socket"),
    # Otherwise anybody could fill the log with errors by asking for unknown addresses.
    re_path(r"", WebsocketDenier.as_asgi()),
]
