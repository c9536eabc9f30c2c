"""Examples of queries from the owner's own latest pictures, which teach the query language."""

from collections import Counter

from uploads.models import Upload

LATEST = 200
MAX_LABELS = 5


def example_queries(owner_id: int) -> list[str]:
    """Return queries that find something: frequent labels, a camera, a year and a place, if pictures have them."""
    latest = Upload.objects.filter(owner_id=owner_id, processed_at__isnull=False, part_of=None).order_by("-id")
    rows = list(latest.only("labels", "camera", "taken_at", "utc_offset", "latitude", "longitude")[:LATEST])
    labels = Counter(str(label["name"]) for row in rows for label in row.labels)
    cameras = Counter(row.camera.replace('"', " ") for row in rows if row.camera)
    years = Counter(row.camera_time.year for row in rows if row.camera_time)
    examples = [name for name, _ in labels.most_common(MAX_LABELS)]
    examples += [f'camera:"{name}"' for name, _ in cameras.most_common(1)]
    examples += [f"taken:{year:04}" for year, _ in years.most_common(1)]
    if any(row.latitude is not None and row.longitude is not None for row in rows):
        examples.append("has:place")
    return examples
