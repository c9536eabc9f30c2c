"""Run the searches of bench.search, and measure their times and recall."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import mean, quantiles

import numpy as np
from django.db import connection
from django.db.models import Q

from uploads.analysis.vocabulary import load_vocabulary
from uploads.models import Embedding
from uploads.search.candidates import MAX_CANDIDATES
from uploads.search.encoders import owner_encoders, site_encoder
from uploads.search.language import parse_query
from uploads.search.nearest import OwnerVectors
from uploads.search.results import search
from uploads.search.transaction import SearchTooSlow, search_transaction
from uploads.search.vector_index import maintain_indexes

QUERIES = 60
RECALL_QUERIES = 30
NEAREST = 10
FILTERS = ("taken:2016-03", "taken:2018", "type:video", 'camera:"pixel 8"', "has:place -type:video", "-tabby")
PERIODS = ("taken:%Y-%m", "taken:%Y", "taken:%Y-%m..")
"""The date filters, as formats of the time when one of the owner's pictures was taken."""

KINDS = ("plain", "filtered", "dated")
"""The kinds of queries: words alone, with one of FILTERS, or with one of PERIODS."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The measurements for one owner and one of KINDS: times in ms, and recall."""

    owner: str
    kind: str
    p50: float
    p95: float
    recall: float


def build_indexes() -> tuple[float, float]:
    """Build the vector indexes as workers do. Return the seconds it took and the size of the indexes in MiB."""
    started = time.perf_counter()
    names = maintain_indexes()
    seconds = time.perf_counter() - started
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(pg_relation_size(name::regclass)), 0) FROM unnest(%s::text[]) name", [names]
        )
        [size] = cursor.fetchone() or [0]
    return seconds, float(size) / 2**20


def database_mebibytes() -> float:
    """Return the size of the database, without the write-ahead log."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        [size] = cursor.fetchone() or [0]
    return float(size) / 2**20


def queries(owner_id: int, kind: str, count: int, seed: int) -> list[str]:
    """Return `count` searches for random phrases of the vocabulary. `kind` is one of KINDS."""
    vocabulary = load_vocabulary()
    phrases = (*vocabulary.labels, *vocabulary.kinds, *vocabulary.objects)
    chosen = np.random.default_rng(seed).choice(phrases, count, replace=False)
    filters = _filters(owner_id, kind)
    added = (filters[number % len(filters)] for number in range(count))
    return [f"{phrase.replace('-', ' ')} {one}".strip() for phrase, one in zip(map(str, chosen), added, strict=True)]


def _filters(owner_id: int, kind: str) -> tuple[str, ...]:
    if kind != "dated":
        return FILTERS if kind == "filtered" else ("",)
    # Use the date of one of the owner's pictures, because recall can be measured only if some pictures match.
    clock = Embedding.objects.filter(owner_id=owner_id, camera_clock__isnull=False).earliest("id").camera_clock
    return tuple(format(clock, period) for period in PERIODS)


def measure(owner: str, owner_id: int, kind: str) -> Figures:
    encoder = site_encoder()
    if encoder is None or not Embedding.objects.filter(owner_id=owner_id, model=encoder.model).exists():
        raise SystemExit(f"The owner of “{owner}” has no vectors of the model that searches use.")
    texts = queries(owner_id, kind, QUERIES, seed=2)
    times_of(owner_id, texts)  # warm up first
    times = times_of(owner_id, texts)
    recalls = [recall(owner_id, text) for text in texts[:RECALL_QUERIES]]
    return Figures(owner, kind, percentile(times, 50), percentile(times, 95), mean(recalls))


def times_of(owner_id: int, texts: Iterable[str]) -> list[float]:
    """Run searches one after another, and return the time of each in ms."""
    times = []
    for text in texts:
        started = time.perf_counter()
        search(owner_id, parse_query(text), owner_encoders(owner_id), 1)
        times.append((time.perf_counter() - started) * 1000)
    return times


def recall(owner_id: int, text: str) -> float:
    """Return the share of the NEAREST vectors, as determined by an exact scan, that a search finds."""
    encoder, query = site_encoder(), parse_query(text)
    if encoder is None:
        raise SystemExit("There is no text model.")
    vector = encoder.embed_query(query.words).numbers
    with search_transaction():
        vectors = OwnerVectors(owner_id, query, encoder.model, vector)
        found = vectors.nearest(MAX_CANDIDATES)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")  # comparing all vectors may exceed the limit for searches
        wanted = list(vectors.exact(Q(), NEAREST).values())
    if not wanted:
        return 1.0
    near = sum(cosine >= wanted[-1] - 1e-6 for cosine in found.values())
    return min(near, len(wanted)) / len(wanted)


def client(owner_id: int, seed: int) -> list[float]:
    """Run one client's searches, alternately without and with filters. Return the time of each in ms."""
    plain, filtered = (queries(owner_id, kind, QUERIES // 2, seed) for kind in ("plain", "filtered"))
    try:
        return times_of(owner_id, [text for pair in zip(plain, filtered, strict=True) for text in pair])
    except SearchTooSlow as error:
        raise RuntimeError(str(error)) from None  # the pool of processes cannot send SearchTooSlow


def percentile(values: Sequence[float], percent: int) -> float:
    return quantiles(values, n=100)[percent - 1]
