"""What VUEMANTICS_HTTPS makes of the settings, in a process of its own."""

import os
import subprocess
import sys

from tests.support.worker_processes import ROOT

GET = """
import django; django.setup()
from django.test import Client
print(Client().get("/sign-in/", secure=True)["Strict-Transport-Security"])
"""
WITH_HTTPS = {
    "VUEMANTICS_HTTPS": "1",
    "VUEMANTICS_HOSTS": "testserver",
    "DJANGO_SETTINGS_MODULE": "vuemantics.settings",
}


def said(*arguments: str) -> str:
    """What a program says with HTTPS."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=os.environ | WITH_HTTPS,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_browsers_insist_on_https_for_this_host_alone() -> None:
    assert said("-c", GET).strip() == "max-age=31536000"


def test_djangos_checks_for_deployment_warn_of_nothing_else() -> None:
    command = ["manage.py", "check", "--deploy", "--fail-level", "WARNING"]

    assert "(2 silenced)" in said(*command)
