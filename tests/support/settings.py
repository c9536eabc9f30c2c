"""Settings of worker processes that tests start: TEST_PROCESSOR names what they do with a file."""

import os

from vuemantics.settings import *  # noqa: F403
from vuemantics.settings import PROCESSOR as REAL_PROCESSOR

PROCESSOR = os.environ.get("TEST_PROCESSOR") or REAL_PROCESSOR
