"""`python -m vuemantics.server`."""

import logging
import os

from vuemantics.server.daphne_server import main

status = main()
logging.shutdown()
# Do not wait for view threads that are still running: their grace period is over.
os._exit(status)
