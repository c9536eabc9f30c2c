"""The sample photos, described by the embedded analyzer, are found by what they show."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User

from tests.support.batches import digest
from tests.support.images import SAMPLES
from uploads.analysis.analyzer import get_analyzer
from uploads.analysis.base import QueryEncoder
from uploads.models import MediaKind, Upload
from uploads.picture_facts import lock_pictures
from uploads.pipeline import Result, process_file
from uploads.search.language import parse_query
from uploads.search.results import Hit, search
from uploads.upload_sql import save_result


@pytest.fixture(scope="session")
def results() -> dict[Path, Result]:
    """Results of the sample photos, computed before the test's transaction, which must not be idle for 10 s."""
    analyzer = get_analyzer("local")
    return {path: process_file(path, analyzer, lambda stage: None) for path in sorted(SAMPLES.glob("*.jpg"))}


@pytest.fixture
def samples(results: dict[Path, Result], anna: User) -> None:
    """Add the sample photos to Anna's library."""
    for path, result in results.items():
        upload = Upload.objects.create(
            owner=anna,
            sha256=digest(path.name),
            filename=path.name,
            size=path.stat().st_size,
            mime_type="image/jpeg",
            kind=MediaKind.IMAGE,
        )
        row = lock_pictures([upload.id])[upload.id]
        save_result(row, result, {}, row.sidecars)


def test_samples_are_found(anna: User, samples: None, encoder: QueryEncoder) -> None:
    def names(hits: list[Hit]) -> list[str]:
        return [hit.upload.filename.removesuffix(".jpg") for hit in hits]

    found = {
        text: search(anna.id, parse_query(text), [encoder], 1)
        for text in ("cat", "astronaut", "coffee", "person", "space", "giraffe")
    }

    assert names(found["cat"].hits)[0] == "chelsea"
    assert names(found["astronaut"].hits)[0] == "astronaut"
    assert names(found["coffee"].hits)[0] == "coffee"
    assert names(found["person"].hits)[0] == "astronaut"
    assert names(found["space"].hits)[0] in {"rocket", "astronaut", "hubble_deep_field"}
    assert found["giraffe"].hits == []
    assert names(found["giraffe"].closest) == ["chelsea"]
