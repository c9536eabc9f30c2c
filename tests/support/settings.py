"""Settings of the tests and the processes they start. TEST_PROCESSOR, if set, replaces the processor of files."""

import os

from vuemantics.settings import *  # noqa: F403
from vuemantics.settings import PROCESSOR as REAL_PROCESSOR

PROCESSOR = os.environ.get("TEST_PROCESSOR") or REAL_PROCESSOR
# A real hash takes 0.3 s.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
