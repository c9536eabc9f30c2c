"""Django settings for the benches. BENCH_PROCESSOR names the function that workers call to process a file."""

import os

from vuemantics.settings import *  # noqa: F403
from vuemantics.settings import PROCESSOR as REAL_PROCESSOR

PROCESSOR = os.environ.get("BENCH_PROCESSOR") or REAL_PROCESSOR
# Workers read no text in pictures during a bench, except in bench/reading.py, whose workers use the normal settings.
OCR = "off"
