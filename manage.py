#!/usr/bin/env python
"""Run a management command: `manage.py help` lists them."""

import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vuemantics.settings")
    try:
        # Read before any command, so that an impossible value is one line and no traceback.
        getattr(settings, "INSTALLED_APPS")  # noqa: B009 (the reading counts)
    except ImproperlyConfigured as error:
        sys.exit(f"{error}")
    execute_from_command_line(sys.argv)
