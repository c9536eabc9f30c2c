"""Addresses of sockets."""

from django.urls import path

from batches.consumers import BatchConsumer

websocket_urlpatterns = [path("ws/batches/<int:batch_id>/", BatchConsumer.as_asgi(), name="batch-socket")]
