"""Fill a library for bench.search with pictures whose vectors are computed like those of the embedded analyzer.

Each picture shows one label of the shipped vocabulary. Labels that the classifier might confuse with it, people and a
colour are added at random. The vector also includes the kinds (hypernyms) of the labels, weighted as in
`uploads.analysis.concept_vector`.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
from django.contrib.auth.models import User
from django.db import connection
from pgvector import HalfVector
from pgvector.psycopg import register_vector

from uploads.analysis.concept_vector import MODEL
from uploads.analysis.model_files import Floats
from uploads.analysis.vocabulary import Vocabulary, load_vocabulary

SHARES = {"small": 0.01, "medium": 0.10, "large": 0.80}
"""The owners' shares of all pictures. The rest belongs to other owners."""

BLOCK = 2_000
"""The number of pictures in one block. A block stands for one import of an owner."""

FIRST_DAY = datetime(2014, 1, 1, tzinfo=UTC)
YEARS = 10
CAMERAS = ("Google Pixel 8", "Apple iPhone 13", "Canon EOS R6", "NIKON Z 6", "Leica Q2", "")
COLOURS = ("Brown", "Blue", "Green", "Grey", "White")
# Realistic metadata, so that rows are as wide as real ones.
METADATA = json.dumps({"make": "Google", "lens": "Pixel 8 back camera 6.9mm f/1.68", "exposure": "1/120", "iso": 54} | {
    f"tag_{number}": f"value {number} of the metadata" for number in range(12)})  # fmt: skip
UPLOAD_COLUMNS = ("id", "owner_id", "key", "sha256", "filename", "size", "mime_type", "kind", "taken_at",
                  "taken_source", "latitude", "longitude", "camera", "metadata", "previews", "labels", "description",
                  "processed_at", "created_at", "updated_at")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Blocks:
    """The random pictures of one block: what each shows, and its vector."""

    labels: list[tuple[str, str]]
    vectors: Floats


def fill_library(pictures: int, seed: int = 1) -> dict[str, int]:
    """Insert `pictures` pictures (in whole blocks) and their embeddings. Return the owners' ids, keyed as in SHARES."""
    random, vocabulary = np.random.default_rng(seed), load_vocabulary()
    owners = {name: User.objects.create(username=name).pk for name in (*SHARES, "other")}
    weights = [*SHARES.values(), 1 - sum(SHARES.values())]
    numbers = np.array(list(owners.values()))
    blocks = -(-pictures // BLOCK)
    chosen = random.permutation(np.repeat(numbers, np.ceil(np.array(weights) * blocks).astype(int)))[:blocks]
    first = 1
    for owner_id, block in zip(chosen, _draw_blocks(vocabulary, random), strict=False):
        _insert(first, int(owner_id), block, random)
        first += BLOCK
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(pg_get_serial_sequence('uploads_upload', 'id'), %s)", [first])
        cursor.execute("VACUUM ANALYZE uploads_upload")
        cursor.execute("VACUUM ANALYZE uploads_embedding")
    return {name: owners[name] for name in SHARES}


def _draw_blocks(vocabulary: Vocabulary, random: np.random.Generator) -> Iterator[Blocks]:
    labels = len(vocabulary.labels)
    label_vectors = vocabulary.vectors[:labels]
    confused = np.argsort(-(label_vectors @ label_vectors.T), axis=1)[:, 1:60]
    popularity = random.permutation(1 / np.arange(1, labels + 1) ** 0.7)
    while True:
        shown = random.choice(labels, BLOCK, p=popularity / popularity.sum())
        others = random.permuted(confused[shown], axis=1)[:, :29]
        sure = random.beta(1.5, 1.5, (BLOCK, 1)).astype(np.float32)
        rest = random.dirichlet(np.full(29, 0.3), BLOCK).astype(np.float32)
        p = np.zeros((BLOCK, labels), np.float32)
        np.put_along_axis(p, np.hstack([shown[:, None], others]), np.hstack([sure, (1 - sure) * rest]), axis=1)
        vectors = _combine(vocabulary, p, random)
        # Give some neighbouring pictures the same vector, like pictures in a burst.
        vectors[10::20] = vectors[9::20]
        names = [
            (vocabulary.labels[one], vocabulary.labels[other]) for one, other in zip(shown, others[:, 0], strict=True)
        ]
        yield Blocks(names, vectors)


def _combine(vocabulary: Vocabulary, p: Floats, random: np.random.Generator) -> Floats:
    """Return the vectors of pictures with the label probabilities `p`, by the formula of `concept_vector`."""
    labels, rows = p.shape[1], vocabulary.vectors.shape[0]
    weights = np.zeros((len(p), rows), np.float32)
    weights[:, :labels] = np.sqrt(p) / np.sqrt(p).sum(axis=1, keepdims=True) + np.where(p >= 0.08, p, 0)
    masses = p @ vocabulary.membership.T
    trust = np.where(vocabulary.membership.sum(axis=1) < 60, 0.9, 0.7)
    weights[:, labels : labels + masses.shape[1]] = np.where(masses >= 0.3, masses * trust, 0)
    with_people = np.flatnonzero(random.random(len(p)) < 0.3)
    weights[with_people, vocabulary.first_object] = random.uniform(0.5, 0.95, len(with_people))
    weights[with_people, vocabulary.scene_row("group of people")] = 0.9
    first_colour = vocabulary.scene_row("red color")
    colours = random.integers(first_colour, rows, len(p))
    weights[np.arange(len(p)), colours] = random.uniform(0.05, 0.3, len(p))
    vectors = weights @ vocabulary.vectors
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def _insert(first: int, owner_id: int, block: Blocks, random: np.random.Generator) -> None:
    start = FIRST_DAY + timedelta(days=int(random.integers(365 * YEARS)))
    connection.ensure_connection()
    raw = connection.connection
    register_vector(raw)
    with raw.cursor() as cursor:
        with cursor.copy(f"COPY uploads_upload ({', '.join(UPLOAD_COLUMNS)}) FROM STDIN") as copy:
            for offset, names in enumerate(block.labels):
                copy.write_row(_upload_row(first + offset, owner_id, names, start, random))
        columns = "upload_id, owner_id, model, vector"
        with cursor.copy(f"COPY uploads_embedding ({columns}) FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(["int8", "int4", "varchar", "halfvec"])
            for offset, vector in enumerate(block.vectors):
                copy.write_row((first + offset, owner_id, MODEL, HalfVector(vector)))


def _upload_row(
    number: int, owner_id: int, names: tuple[str, str], start: datetime, random: np.random.Generator
) -> tuple[object, ...]:
    now = datetime.now(UTC)
    draw = float(random.random())
    dated, located, video = draw < 0.95, draw > 0.5, int(draw * 1000) % 50 == 0
    taken_at = start + timedelta(days=60 * draw) if dated else None
    return (
        number, owner_id, UUID(int=number), f"{number:064}", f"IMG_{number}.JPG", 1,
        "video/mp4" if video else "image/jpeg", "video" if video else "image", taken_at, "exif" if dated else "",
        48.1 if located else None, 11.5 if located else None, CAMERAS[int(draw * 1000) % len(CAMERAS)], METADATA,
        json.dumps({"320": f"previews/{number}-320.jpg", "1024": f"previews/{number}-1024.jpg"}),
        json.dumps([{"name": name, "score": 0.5} for name in names]),
        f"A {names[0]}, perhaps a {names[1]}. {COLOURS[int(draw * 100) % len(COLOURS)]} tones.", now, now, now,
    )  # fmt: skip
