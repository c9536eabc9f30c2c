"""The ASGI application: pages, resumable uploads and websockets."""

import os
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vuemantics.settings")
# This must come first, because the imports below import models.
django.setup(set_prefix=False)

from channels.routing import ProtocolTypeRouter  # noqa: E402
from django.db import connection  # noqa: E402

from batches.intake.tus import threads  # noqa: E402
from batches.intake.tus.app import tus_application  # noqa: E402
from batches.live.routing import websocket_application  # noqa: E402
from uploads import db_threads  # noqa: E402
from vuemantics.server import fairness  # noqa: E402
from vuemantics.server.page_handler import PageHandler  # noqa: E402

SOCKET_SIGN_IN_THREADS = 1  # Channels authenticates all sockets on one thread
# The number of threads that may query the database at the same time, each of which needs its own connection. If there
# were fewer connections, uploads to a slow bucket could hold all of them, and pages would have to wait.
WEB_CONNECTIONS = (
    fairness.PAGE_THREADS
    + fairness.BULK_THREADS
    + fairness.SIGN_IN_THREADS
    + SOCKET_SIGN_IN_THREADS
    + threads.INTAKE_THREADS
    + threads.FINALIZE_THREADS
    + db_threads.LIVE_THREADS
    + db_threads.EXPORT_THREADS
    + db_threads.SESSION_THREADS
)
# settings.py is the same for all types of processes, so the pool is resized here, before the first query.
connection.settings_dict["OPTIONS"]["pool"]["max_size"] = WEB_CONNECTIONS

pages = PageHandler()


async def route(scope: Any, receive: Any, send: Any) -> None:
    """Route uploads past Django, which would spool each body to disk before the handler sees it."""
    application = tus_application if scope["path"].startswith("/tus/") else pages
    await application(scope, receive, send)


application = ProtocolTypeRouter(
    {
        "http": fairness.FairRequests(route),
        "websocket": websocket_application,
    }
)
