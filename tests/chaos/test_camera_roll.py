"""All 300 files of an imported camera roll get the correct outcome, date, UTC offset and place."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django.fixtures import Settings

from batches.engine import claim
from batches.engine.runner import run_job
from batches.failures.ledger_export import ledger_json
from batches.models import UploadBatch
from batches.models.states import BatchStatus
from tests.support.batches import assert_counters_match
from tests.support.camera_roll import Outcome, camera_roll
from tests.support.commands import CommandRun
from uploads.models import Upload

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.chaos_long]
TOP = "Roll"


def test_every_file_of_a_camera_roll_is_accounted_for(owner: User, settings: Settings, tmp_path: Path) -> None:
    settings.DESCRIBER = settings.EMBEDDER = "tests.support.analyzers:Silent"
    roll = camera_roll()
    roll.write(tmp_path / TOP)

    CommandRun(tmp_path / TOP, "--owner", owner.username)
    batch = UploadBatch.objects.get()
    while claimed := claim.claim_item(batch.id, 4711):
        run_job(claimed)

    assert_counters_match(batch)
    assert (batch.status, batch.found, len(roll.expected)) == (BatchStatus.COMPLETED, 300, 300)
    found = outcomes(batch)
    wrong = {path: (found.get(path), wanted) for path, wanted in roll.expected.items() if found.get(path) != wanted}
    assert not wrong, wrong


def outcomes(batch: UploadBatch) -> dict[str, Outcome]:
    """Return each file's outcome, keyed by its path in the roll."""
    lines = ledger(batch)
    paths: dict[int, str] = {}
    for line in lines:
        if line["result"] == "new":
            paths[line["picture"]] = line["path"]
    pictures = Upload.objects.in_bulk(paths)
    return {line["path"].removeprefix(f"{TOP}/"): outcome(line, pictures, paths) for line in lines}


def ledger(batch: UploadBatch) -> list[dict[str, Any]]:
    async def read() -> str:
        return "".join([part async for part in ledger_json(batch.id)])

    lines: list[dict[str, Any]] = json.loads(asyncio.run(read()))
    return lines


def outcome(line: dict[str, Any], pictures: dict[int, Upload], paths: dict[int, str]) -> Outcome:
    """Return the outcome described by a ledger line and its picture's row."""
    if line["result"] in ("refused", "ignored"):
        return Outcome(line["code"])
    if line["result"] != "new":
        return Outcome(line["result"], of=own_path(line["picture"], paths))
    upload = pictures[line["picture"]]
    place = (upload.latitude, upload.longitude)
    return Outcome(
        "new",
        upload.taken_at,
        upload.utc_offset,
        upload.taken_source,
        (round(place[0], 4), round(place[1], 4)) if place[0] is not None and place[1] is not None else None,
        own_path(upload.part_of_id, paths),
        upload.part_role,
        facts(upload),
    )


def facts(upload: Upload) -> dict[str, Any]:
    """Return a picture's non-empty values for the `more` field of Outcome."""
    motion = upload.metadata.get("motion", {})
    found = {name: getattr(upload, name) for name in ("caption", "albums", "rating", "favourite", "archived")}
    return {name: value for name, value in {**found, "motion": motion.get("length")}.items() if value}


def own_path(upload_id: int | str | None, paths: dict[int, str]) -> str:
    return paths[int(upload_id)].removeprefix(f"{TOP}/") if upload_id else ""
