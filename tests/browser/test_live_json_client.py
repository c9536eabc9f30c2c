"""The example program in docs/live.md works with a real server."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session

from batches.messaging import live_events
from batches.models import UploadBatch
from tests.support.batches import make_batch
from tests.support.worker_processes import ROOT

PASSWORD = "for this test only"


@pytest.fixture
def program(site: str, owner: User, tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """A running copy of the documented program, which signs in as `owner`."""
    owner.set_password(PASSWORD)
    owner.save()
    code = (ROOT / "docs" / "live.md").read_text().split("```python\n")[1].split("```")[0]
    script = tmp_path / "watch.py"
    script.write_text(code)
    command = [sys.executable, str(script), site, owner.username, PASSWORD]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    yield process
    process.kill()
    process.communicate()


def next_message(program: "subprocess.Popen[str]") -> dict[str, object]:
    assert program.stdout is not None
    message: dict[str, object] = json.loads(program.stdout.readline())
    return message


def test_documented_program_ends_with_its_session(owner: User, program: "subprocess.Popen[str]") -> None:
    batch = make_batch(owner, 4)
    while next_message(program)["total"] != 4:
        pass
    UploadBatch.objects.filter(id=batch.id).update(successful=3)

    while (message := next_message(program))["processed"] != 3:
        pass

    assert message["progress_percentage"] == 75
    Session.objects.all().delete()
    live_events.notify_login_changed(owner.pk)
    assert program.wait(30) == 0
