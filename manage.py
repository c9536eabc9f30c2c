#!/usr/bin/env python
"""Run a management command: `manage.py help` lists them."""

import io
import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Commands print file names, which may be invalid Unicode or contain characters that the terminal cannot
            # encode.
            stream.reconfigure(errors="backslashreplace")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vuemantics.settings")
    try:
        # Read the settings before any command, so that an invalid value is reported in one line without a traceback.
        getattr(settings, "INSTALLED_APPS")  # noqa: B009 (accessing it loads the settings)
    except ImproperlyConfigured as error:
        sys.exit(f"{error}")
    execute_from_command_line(sys.argv)
