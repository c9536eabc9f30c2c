"""Settings of the tests and of the processes they start. TEST_PROCESSOR replaces the function that processes files."""

import os

from vuemantics.settings import *  # noqa: F403
from vuemantics.settings import PROCESSOR as REAL_PROCESSOR

PROCESSOR = os.environ.get("TEST_PROCESSOR") or REAL_PROCESSOR
# A real password hash takes 0.3 s.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
OCR = "off"
VERIFY_BYTES_PER_DAY = 0
