"""Run the web server: `python -m vuemantics.server`."""

import logging
import os

from vuemantics.server.daphne_server import main

status = main()
logging.shutdown()
# Exit without waiting for threads that are still running a view; their grace period is over.
os._exit(status)
