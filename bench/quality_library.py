"""Process the pictures for bench.quality, and run its judged queries."""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import translation

from bench.quality_scores import Judged, Outcome
from uploads.analysis.analyzer import get_analyzer
from uploads.models import MediaKind, Upload
from uploads.picture_facts import lock_pictures
from uploads.pipeline import process_file
from uploads.search.candidates import find_candidates
from uploads.search.encoders import owner_encoders
from uploads.search.interpretation import interpret
from uploads.search.ranking import rank
from uploads.similar.due import index_due_pictures
from uploads.upload_sql import save_result


def fill_library(paths: Mapping[str, Path]) -> tuple[int, dict[int, str]]:
    """Process the files in `paths`, keyed by name. Return their owner's id, and their names keyed by upload id."""
    owner, analyzer, names = User.objects.create(username="quality"), get_analyzer(settings.DESCRIBER), {}
    for number, (name, path) in enumerate(paths.items()):
        result = process_file(path, analyzer, lambda _stage: None)
        # Use neutral file names, because searches also match file names, and the real ones would reveal the answer.
        upload = Upload.objects.create(
            owner=owner,
            sha256=sha256(name.encode()).hexdigest(),
            filename=f"IMG_{number:04}.JPG",
            size=path.stat().st_size,
            mime_type=result.mime_type,
            kind=MediaKind.IMAGE,
        )
        with transaction.atomic():
            row = lock_pictures([upload.id])[upload.id]
            save_result(row, result, {}, row.sidecars)
        names[upload.id] = name
    while index_due_pictures():
        pass
    return owner.id, names


def ask(owner_id: int, names: Mapping[int, str], judged: Judged) -> Outcome:
    """Run a query in its language, as the search page does."""
    with translation.override(judged.language):
        query = interpret(owner_id, judged.query).searched
    [encoder] = owner_encoders(owner_id)
    candidates = find_candidates(owner_id, query, encoder)
    ordered = sorted(candidates, key=lambda one: (-one.fit, -one.words, -one.upload_id))
    ranking = dict.fromkeys(names[one.upload_id] for one in ordered)
    return Outcome(
        judged,
        tuple(name for name in ranking if name not in judged.ignored),
        len(rank(candidates, encoder.hit_fit).hits),
    )
