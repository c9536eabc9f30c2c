"""The script that keeps the admin's batch list up to date updates every count in it."""

import json
import re
from pathlib import Path

from batches.admin.batches import COUNTS

SCRIPT = Path(__file__).resolve().parents[2] / "static/js/admin.js"


def test_script_keeps_every_count_current() -> None:
    found = re.search(r"^const COUNTS = (\[.*\]);$", SCRIPT.read_text(), re.MULTILINE)

    assert found
    assert json.loads(found[1]) == COUNTS
