"""What the search page offers: example queries that have results, and filters to add."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from uploads.models import library_pictures
from uploads.search.language import Filter, Query

LATEST_PICTURES = 200
_EXAMPLE_LABELS = 5
_CHOICES = 8


@dataclass(frozen=True, slots=True)
class Offers:
    """The labels, cameras, places and years of the owner's latest pictures, the most frequent first."""

    labels: list[str]
    cameras: list[str]
    places: list[str]
    years: list[str]
    has_films: bool

    def examples(self) -> list[str]:
        """Return queries that have results."""
        filters = [
            *(Filter("place", place.partition(",")[0]) for place in self.places[:1]),
            *(Filter("camera", camera) for camera in self.cameras[:1]),
            *(Filter("taken", year) for year in self.years[:1]),
        ]
        return [*self.labels[:_EXAMPLE_LABELS], *map(str, filters)]

    def filters(self, query: Query) -> dict[str, list[tuple[str, str]]]:
        """Return, for each filter that `query` does not use yet, its values and the queries with these added."""
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
    """Return what occurs in the owner's LATEST_PICTURES."""
    latest = library_pictures(owner_id).order_by("-id")
    fields = ("labels", "camera", "place", "kind", "taken_at", "utc_offset")
    rows = list(latest.only(*fields)[:LATEST_PICTURES])
    return Offers(
        labels=_frequent(str(label["name"]) for row in rows for label in row.labels),
        cameras=_frequent(row.camera.replace('"', " ") for row in rows),
        places=_frequent(row.place for row in rows),
        years=_frequent(f"{row.camera_time.year:04}" for row in rows if row.camera_time),
        has_films=len({row.kind for row in rows}) > 1,
    )


def _frequent(values: Iterable[str]) -> list[str]:
    return [value for value, _ in Counter(filter(None, values)).most_common(_CHOICES)]
