"""The server's one entry: pages, resumable uploads and sockets."""

import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vuemantics.settings")
# First, because it sets Django up: what is imported below needs models.
pages = get_asgi_application()

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402

from batches.intake.tus.app import tus_application  # noqa: E402
from batches.live.routing import websocket_urlpatterns  # noqa: E402
from vuemantics.server.database_pool import size_pool  # noqa: E402

size_pool()


async def http(scope: Any, receive: Any, send: Any) -> None:
    """Uploads go past Django, which would spool each body to the disk before it looks at it."""
    application = tus_application if scope["path"].startswith("/tus/") else pages
    await application(scope, receive, send)


application = ProtocolTypeRouter(
    {"http": http, "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(websocket_urlpatterns)))}
)
