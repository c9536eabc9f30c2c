"""Settings of the processes that tests start. TEST_PROCESSOR, if set, replaces the processor of files."""

import os

from vuemantics.settings import *  # noqa: F403
from vuemantics.settings import PROCESSOR as REAL_PROCESSOR

PROCESSOR = os.environ.get("TEST_PROCESSOR") or REAL_PROCESSOR
