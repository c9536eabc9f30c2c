"""The ASGI application: pages, resumable uploads and websockets."""

import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vuemantics.settings")
# First, because it sets up Django: the imports below need models.
pages = get_asgi_application()

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402
from django.db import connection  # noqa: E402

from batches.intake.tus import threads  # noqa: E402
from batches.intake.tus.app import tus_application  # noqa: E402
from batches.live.routing import websocket_urlpatterns  # noqa: E402
from uploads import db_threads  # noqa: E402

# One database connection for each thread that may query at the same time. With the smaller pool of a worker, uploads
# to a slow bucket, which keep their threads and connections, could starve the pages.
PAGE_THREADS = 8  # each page request has a thread; further requests wait for a free connection
SIGN_IN_THREADS = 1  # Channels authenticates all sockets on one shared thread
WEB_CONNECTIONS = (
    PAGE_THREADS
    + SIGN_IN_THREADS
    + threads.INTAKE_THREADS
    + threads.FINALIZE_THREADS
    + db_threads.LIVE_THREADS
    + db_threads.EXPORT_THREADS
)
# settings.py does not know the type of the process, so the pool is resized here, before the first query.
connection.settings_dict["OPTIONS"]["pool"]["max_size"] = WEB_CONNECTIONS


async def http(scope: Any, receive: Any, send: Any) -> None:
    """Route uploads past Django, which would spool each body to disk before the handler sees it."""
    application = tus_application if scope["path"].startswith("/tus/") else pages
    await application(scope, receive, send)


application = ProtocolTypeRouter(
    {"http": http, "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(websocket_urlpatterns)))}
)
