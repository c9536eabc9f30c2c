"""The ASGI application: pages, resumable uploads and websockets."""

import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vuemantics.settings")
# This must come first: it sets up Django, which the imports below need because they import models.
pages = get_asgi_application()

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402
from django.db import connection  # noqa: E402

from batches.intake.tus import threads  # noqa: E402
from batches.intake.tus.app import tus_application  # noqa: E402
from batches.live.routing import websocket_urlpatterns  # noqa: E402
from uploads import db_threads  # noqa: E402

# One database connection for each thread that may query at the same time. The smaller pool of a worker would not be
# enough: uploads to a slow bucket keep their threads and connections, and pages could get none.
PAGE_THREADS = 8  # each page request has a thread; if there are more requests, they wait for a connection
SIGN_IN_THREADS = 1  # Channels authenticates all sockets on one thread
WEB_CONNECTIONS = (
    PAGE_THREADS
    + SIGN_IN_THREADS
    + threads.INTAKE_THREADS
    + threads.FINALIZE_THREADS
    + db_threads.LIVE_THREADS
    + db_threads.EXPORT_THREADS
)
# settings.py does not know which type of process it runs in, so the pool is resized here, before the first query.
connection.settings_dict["OPTIONS"]["pool"]["max_size"] = WEB_CONNECTIONS


async def http(scope: Any, receive: Any, send: Any) -> None:
    """Route uploads past Django, because Django would spool each body to disk before the handler sees it."""
    application = tus_application if scope["path"].startswith("/tus/") else pages
    await application(scope, receive, send)


application = ProtocolTypeRouter(
    {"http": http, "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(websocket_urlpatterns)))}
)
