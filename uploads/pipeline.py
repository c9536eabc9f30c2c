"""A file's way from bytes to what is known about it: ordered stages, a file in, a result out, nothing stored."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from uploads.analysis.base import Analysis, Analyzer, Label
from uploads.media.image import MAX_PIXELS, Picture, read_picture
from uploads.media.previews import make_previews
from uploads.media.sanitize import Json


@dataclass(frozen=True, slots=True)
class Result:
    """All that is known of one file.

    kind: "image". width, height: pixels, after the orientation. duration: seconds, None for pictures. taken_at: aware,
    in the camera's zone, or UTC if it named none. latitude, longitude: degrees. metadata: JSON without NaN or NUL.
    previews: JPEG bytes by longest side. vector: 384 numbers of unit length, comparable within `embedding_model`.
    """

    kind: str
    mime_type: str
    width: int
    height: int
    duration: float | None
    taken_at: datetime | None
    camera: str
    latitude: float | None
    longitude: float | None
    metadata: dict[str, Json]
    previews: dict[int, bytes]
    labels: tuple[Label, ...]
    description: str
    audit_score: int | None
    embedding_model: str
    vector: tuple[float, ...] | None


def process_file(
    path: Path,
    analyzer: Analyzer,
    on_stage: Callable[[str], None],
    max_pixels: int = MAX_PIXELS,
    computing: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> Result:
    """Process the file at `path`.

    `on_stage` is called before each of "checking", "previewing", "describing" and "embedding", in this order, with its
    name; whatever it raises ends the run and is passed on untouched. `max_pixels` is the limit of uploads.media.image.
    `computing` makes what is entered, once or twice, around what keeps a core busy, so that a caller can bound how many
    files do so at a time: it may wait there, or raise as `on_stage` does. An analyzer that waits for a server is left
    outside.

    Raises PermanentError, TransientError or EnvironmentalError (see uploads.errors).
    """
    with computing():
        on_stage("checking")
        picture = read_picture(path, max_pixels)
        on_stage("previewing")
        previews = make_previews(picture.image)
    with computing() if analyzer.computes else nullcontext():
        on_stage("describing")
        description = analyzer.describe(picture.image)
        on_stage("embedding")
        embedding = analyzer.embed(description)
    analysis = Analysis(
        description.labels, description.description, embedding.model, embedding.vector, description.audit_score
    )
    return _result(picture, previews, analysis)


def _result(picture: Picture, previews: dict[int, bytes], analysis: Analysis) -> Result:
    return Result(
        kind="image",
        mime_type=picture.mime_type,
        width=picture.width,
        height=picture.height,
        duration=None,
        taken_at=picture.exif.taken_at,
        camera=picture.exif.camera,
        latitude=picture.exif.latitude,
        longitude=picture.exif.longitude,
        metadata=picture.metadata,
        previews=previews,
        labels=analysis.labels,
        description=analysis.description,
        audit_score=analysis.audit_score,
        embedding_model=analysis.embedding_model,
        vector=analysis.vector,
    )
