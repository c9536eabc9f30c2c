"""Settings of the benches: BENCH_PROCESSOR names what workers do with a file."""

import os

from vuemantics.settings import *  # noqa: F403
from vuemantics.settings import PROCESSOR as REAL_PROCESSOR

PROCESSOR = os.environ.get("BENCH_PROCESSOR") or REAL_PROCESSOR
