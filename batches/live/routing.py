"""Addresses of sockets."""

from channels.security.websocket import WebsocketDenier
from django.urls import path, re_path

from batches.live.consumers import BatchConsumer, OwnerConsumer

websocket_urlpatterns = [
    path("ws/batches/", OwnerConsumer.as_asgi(), name="owner-socket"),
    path("ws/batches/<int:batch_id>/", BatchConsumer.as_asgi(), name="batch-socket"),
    # Without this an unknown address would be an error in the log, written by anybody who likes.
    re_path(r"", WebsocketDenier.as_asgi()),
]
