"""Process a file in stages and return the result. Nothing is stored."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from uploads.analysis.analyzer import Analysis, Analyzer, analyze
from uploads.analysis.base import Label
from uploads.analysis.picture_code import picture_code
from uploads.media.image import MAX_PIXELS, Picture, read_picture
from uploads.media.previews import average_colour, make_previews
from uploads.media.sanitize import Json


@dataclass(frozen=True, slots=True)
class Result:
    """The results of processing one file.

    `kind` is "image" or "video". `width` and `height` are pixels after the orientation is applied. `duration` is in
    seconds; None for pictures, and for videos whose duration is unknown. For `taken_at`, `utc_offset` and
    `taken_source`, see uploads.media.photo_time.PhotoTime. `latitude` and `longitude` are degrees. `metadata` is JSON
    without NaN or NUL. `previews` are JPEGs, keyed by longest side. For `tint`, see average_colour().

    `description_model` is the name and version of the model that wrote the description. `audit_score` is 0 to 100; see
    uploads.analysis.audit. `regenerations`, 0 or 1, is how often the description was written again. `vector` has unit
    length and is comparable only with vectors of the same `embedding_model`. For `code`, see
    uploads.analysis.picture_code. For `features`, see uploads.analysis.base.Description.
    """

    kind: str
    mime_type: str
    width: int
    height: int
    duration: float | None
    taken_at: datetime | None
    utc_offset: int | None
    taken_source: str
    camera: str
    latitude: float | None
    longitude: float | None
    metadata: dict[str, Json]
    previews: dict[int, bytes]
    tint: str
    labels: tuple[Label, ...]
    description: str
    description_model: str
    audit_score: int
    regenerations: int
    embedding_model: str
    vector: tuple[float, ...] | None
    code: bytes
    features: tuple[float, ...] | None


def process_file(
    path: Path,
    analyzer: Analyzer,
    on_stage: Callable[[str], None],
    max_pixels: int = MAX_PIXELS,
    cpu_slot: Callable[[], AbstractContextManager[object]] = nullcontext,
    read: Callable[[Path, int], Picture] = read_picture,
    edited: str = "",
) -> Result:
    """Process the file at `path`.

    `on_stage` is called before each stage, with "checking", "previewing", "describing", "auditing" and "embedding" in
    that order. If a poor description is regenerated, "describing" is repeated after "auditing". If `on_stage` raises an
    exception, processing stops and the exception propagates. For `max_pixels`, see uploads.media.image.

    `cpu_slot` returns a context manager for the work that keeps a core busy, so that the caller can limit how many
    files do such work at the same time. It is called one to four times per file. Entering the context manager may
    block, or raise an exception, which also propagates. Providers that wait for a server run outside the context.

    `read` decodes the picture; workers pass a function that does so in another process. `edited` is a description that
    a user wrote; it replaces the describer's.

    Raises any ProcessingError (see uploads.errors) and the errors of analyze().
    """
    with cpu_slot():
        on_stage("checking")
        picture = read(path, max_pixels)
        on_stage("previewing")
        previews = make_previews(picture.image)
    analysis = analyze(analyzer, picture.frames or (picture.image,), on_stage, cpu_slot, edited)
    return _build_result(picture, previews, analysis)


def _build_result(picture: Picture, previews: dict[int, bytes], analysis: Analysis) -> Result:
    return Result(
        kind="video" if picture.frames else "image",
        mime_type=picture.mime_type,
        width=picture.width,
        height=picture.height,
        duration=picture.duration,
        taken_at=picture.exif.time.taken_at,
        utc_offset=picture.exif.time.utc_offset,
        taken_source=picture.exif.time.source,
        camera=picture.exif.camera,
        latitude=picture.exif.latitude,
        longitude=picture.exif.longitude,
        metadata=picture.metadata,
        previews=previews,
        tint=average_colour(picture.image),
        labels=analysis.description.labels,
        description=analysis.description.description,
        description_model=analysis.description.model,
        audit_score=analysis.audit_score,
        regenerations=analysis.regenerations,
        embedding_model=analysis.embedding.model,
        vector=analysis.embedding.vector,
        code=picture_code(picture.image, analysis.description.features),
        features=analysis.description.features,
    )
