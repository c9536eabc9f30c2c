"""How many connections to the database a web process may have: one for each thread that may ask at the same time."""

from django.db import connection

from batches.intake.tus import threads
from uploads import db_threads

PAGES = 8
"""Each request for a page has a thread of its own. So many ask at a time, the others wait for their turn."""
SIGN_INS = 1
"""Channels asks who opens a socket on the one thread that all sockets share."""
INTAKE = threads.INTAKE_THREADS + threads.ENDING_THREADS
READING = db_threads.LIVE_THREADS + db_threads.TABLE_THREADS
WEB_CONNECTIONS = INTAKE + READING + SIGN_INS + PAGES


def size_pool() -> None:
    """Give this process a pool for WEB_CONNECTIONS, however few threads a worker has. Call it before the first query.

    Otherwise uploads into a slow bucket, which keep their threads and connections, could starve the pages.
    """
    # The settings are read before it is known what the process is for.
    connection.settings_dict["OPTIONS"]["pool"]["max_size"] = WEB_CONNECTIONS
