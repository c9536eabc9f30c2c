"""Settings of the tests and the processes they start. TEST_PROCESSOR, if set, replaces the file processor."""

import os

from vuemantics.settings import *  # noqa: F403
from vuemantics.settings import PROCESSOR as REAL_PROCESSOR

PROCESSOR = os.environ.get("TEST_PROCESSOR") or REAL_PROCESSOR
# Computing a real hash would take 0.3 s.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Workers of the tests verify no files.
VERIFY_BYTES_PER_DAY = 0
