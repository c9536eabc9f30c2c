"""`python -m vuemantics.server`."""

import logging
import os

from vuemantics.server.daphne_server import main

status = main()
logging.shutdown()
# Do not wait for view threads that still run; their requests have had their grace period.
os._exit(status)
