"""Suggestions on the search page: example queries that have results, and filters to add."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC

from django.db.models.functions import ExtractYear

from uploads.models import library_pictures
from uploads.search.language import query_for
from uploads.search.query import Filter, Query

LATEST_PICTURES = 200
_EXAMPLE_LABELS = 5
_CHOICES = 8


@dataclass(frozen=True, slots=True)
class Offers:
    """The most frequent labels, cameras, places and years of the owner's latest pictures.

    `has_films` is true if these include both pictures and videos.
    """

    labels: list[str]
    cameras: list[str]
    places: list[str]
    years: list[str]
    has_films: bool

    def examples(self) -> list[str]:
        """Return example queries that have results."""
        filters = [
            *(Filter("place", place.partition(",")[0]) for place in self.places[:1]),
            *(Filter("camera", camera) for camera in self.cameras[:1]),
            *(Filter("taken", year) for year in self.years[:1]),
        ]
        return [*map(query_for, self.labels[:_EXAMPLE_LABELS]), *map(str, filters)]

    def filters(self, query: Query) -> dict[str, list[tuple[str, str]]]:
        """Map the names of filters that `query` does not use yet to pairs (value, query with that filter added)."""
        values = {
            "taken": sorted(self.years, reverse=True),
            "type": ["photo", "video"] if self.has_films else [],
            "place": self.places,
            "camera": self.cameras if len(self.cameras) > 1 else [],
        }
        used = {one.name for one in query.filters}
        return {
            name: [(value, str(query.with_filter(Filter(name, value)))) for value in some]
            for name, some in values.items()
            if some and name not in used
        }


def find_offers(owner_id: int) -> Offers:
    """Return what the search page suggests, taken from the owner's LATEST_PICTURES most recent pictures."""
    year = ExtractYear("camera_clock", tzinfo=UTC)
    # This runs for every search, even while users type. Model instances would take three times as long.
    rows = library_pictures(owner_id).order_by("-id").values_list("labels", "camera", "place", "kind", year)
    found = list(rows[:LATEST_PICTURES])
    labels, cameras, places, kinds, years = zip(*found, strict=True) if found else ((),) * 5
    return Offers(
        labels=_frequent(str(label["name"]) for some in labels for label in some),
        cameras=_frequent(cameras),
        places=_frequent(places),
        years=_frequent(f"{year:04}" for year in years if year),
        has_films=len(set(kinds)) > 1,
    )


def _frequent(values: Iterable[str]) -> list[str]:
    return [value for value, _ in Counter(filter(None, values)).most_common(_CHOICES)]
