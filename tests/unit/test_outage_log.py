"""An outage is logged once when it begins and once when it ends."""

import logging

import pytest

from uploads.outage_log import OutageLog


def test_outage_is_logged_when_it_begins_and_ends(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    outage = OutageLog(logging.getLogger("tests"), "Lost: %s", "Back.")

    for error in (None, OSError("first"), OSError("second"), None, None, OSError("third")):
        outage.report(error)

    assert [(record.levelname, record.getMessage()) for record in caplog.records if record.name == "tests"] == [
        ("WARNING", "Lost: first"),
        ("INFO", "Back."),
        ("WARNING", "Lost: third"),
    ]
    assert outage.is_lost
