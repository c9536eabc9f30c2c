"""Process the pictures for bench.quality, and run its judged queries."""

import io
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import translation
from PIL import Image

from bench.quality_scores import Judged, Outcome
from uploads.analysis.analyzer import get_analyzer
from uploads.analysis.ocr.installed_models import MODEL
from uploads.analysis.ocr.networks import shared_networks
from uploads.analysis.ocr.text_reader import TextReader
from uploads.analysis.text_vector import embed_text
from uploads.media import ZOOM_SIDE
from uploads.media.image import read_picture
from uploads.models import MediaKind, Upload
from uploads.picture_facts import lock_pictures
from uploads.pipeline import Result, process_file
from uploads.search.candidates import find_candidates
from uploads.search.encoders import owner_encoders
from uploads.search.interpretation import interpret
from uploads.search.query import Query
from uploads.search.ranking import rank_alternatives
from uploads.similar.due import index_due_pictures
from uploads.similar.neighbours import similar_pictures
from uploads.similar.rules import PAGES
from uploads.upload_sql import save_result, save_text

NEAREST = 3


def fill_library(
    paths: Mapping[str, Path], *, reads_text: bool, username: str = "quality"
) -> tuple[int, dict[int, str]]:
    """Process the files in `paths`, keyed by name, for a new user. Return the user's id, and names keyed by upload id.

    If `reads_text`, the text in the pictures is read too, which needs the package in `requirements-ocr.txt`.
    """
    owner, analyzer, names = User.objects.create(username=username), get_analyzer(settings.DESCRIBER), {}
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
        if reads_text:
            text = _read_text(path, result)
            save_text(upload.id, MODEL, text, embed_text(text))
        names[upload.id] = name
    while index_due_pictures():
        pass
    return owner.id, names


def _read_text(path: Path, result: Result) -> str:
    """Read the text in a picture as workers do."""
    preview = Image.open(io.BytesIO(result.previews[max(result.previews)])).convert("RGB")
    return TextReader(shared_networks()).read_any(
        preview,
        lambda: read_picture(path, longest=ZOOM_SIDE).image,
        is_page=bool(PAGES.intersection(label.name for label in result.labels)),
    )


def find_similar(names: Mapping[int, str], wanted: Iterable[str]) -> dict[str, list[str]]:
    """Return the names of the pictures most similar to each of the `wanted` pictures, keyed by its name."""
    uploads = {names[upload.pk]: upload for upload in Upload.objects.filter(id__in=names)}
    return {name: [names[one.pk] for one in similar_pictures(uploads[name], NEAREST)] for name in wanted}


def interpret_judged(owner_id: int, judged: Judged) -> Query:
    """Translate and correct a query in its language, as the search page does."""
    with translation.override(judged.language):
        return interpret(owner_id, judged.query).searched


def ask(owner_id: int, names: Mapping[int, str], judged: Judged) -> Outcome:
    """Run a query as the search page does."""
    [encoder] = owner_encoders(owner_id)
    found = find_candidates(owner_id, interpret_judged(owner_id, judged), encoder)
    candidates = (candidate for alternative in found for candidate in alternative.candidates)
    ordered = sorted(candidates, key=lambda one: (-one.fit, -one.words, -one.upload_id))
    ranking = dict.fromkeys(names[one.upload_id] for one in ordered)
    return Outcome(
        judged,
        tuple(name for name in ranking if name not in judged.ignored),
        len(rank_alternatives(found, encoder.hit_fit).hits),
    )
