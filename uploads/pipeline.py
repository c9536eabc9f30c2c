"""Process a file in ordered stages and return the result; nothing is stored."""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from uploads.analysis.base import DIMENSIONS, Analyzer, Description, DescriptionEmbedding, Label
from uploads.errors import TransientError
from uploads.media.image import MAX_PIXELS, Picture, read_picture
from uploads.media.previews import make_previews
from uploads.media.sanitize import Json


@dataclass(frozen=True, slots=True)
class Result:
    """The results of processing one file.

    kind: "image" or "video". width, height: pixels, after applying the orientation. duration: seconds, None
    for pictures, and for videos if it is unknown.
    taken_at, utc_offset, taken_source: see uploads.media.exif_time.PhotoTime. latitude, longitude: degrees.
    metadata: JSON without NaN or NUL. previews: JPEG bytes, keyed by longest side. vector: 384 numbers, unit length,
    comparable only with vectors of the same `embedding_model`.
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
    labels: tuple[Label, ...]
    description: str
    embedding_model: str
    vector: tuple[float, ...] | None


def process_file(
    path: Path,
    analyzer: Analyzer,
    on_stage: Callable[[str], None],
    max_pixels: int = MAX_PIXELS,
    cpu_slot: Callable[[], AbstractContextManager[object]] = nullcontext,
    read: Callable[[Path, int], Picture] = read_picture,
) -> Result:
    """Process the file at `path`.

    `on_stage` is called before each stage, with "checking", "previewing", "describing" and "embedding" in this order.
    An exception that it raises ends the processing and reaches the caller. For `max_pixels`, see uploads.media.image.

    `cpu_slot` returns a context manager for the work that keeps a core busy, so that the caller can limit how many
    files do such work at the same time. It is called once or twice per file. Entering the context manager may block,
    or raise an exception, which also reaches the caller. An analyzer that waits for a server runs outside of it.

    `read` decodes the picture; workers pass a function that does so in another process.

    Raises any ProcessingError (see uploads.errors) and the errors of the analyzer; TransientError `analysis.answer` if
    the analyzer returns a vector that cannot be stored.
    """
    with cpu_slot():
        on_stage("checking")
        picture = read(path, max_pixels)
        on_stage("previewing")
        previews = make_previews(picture.image)
    with cpu_slot() if analyzer.computes else nullcontext():
        on_stage("describing")
        description = analyzer.describe(picture.frames or (picture.image,))
        on_stage("embedding")
        embedding = analyzer.embed(description)
        _check_vector(embedding.vector)
    return _build_result(picture, previews, description, embedding)


def _check_vector(vector: tuple[float, ...] | None) -> None:
    if vector is not None and (len(vector) != DIMENSIONS or not all(map(math.isfinite, vector))):
        raise TransientError("analysis.answer")


def _build_result(
    picture: Picture, previews: dict[int, bytes], description: Description, embedding: DescriptionEmbedding
) -> Result:
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
        labels=description.labels,
        description=description.description,
        embedding_model=embedding.model,
        vector=embedding.vector,
    )
