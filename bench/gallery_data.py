"""Fill libraries with generated pictures for bench.gallery. Needs a running bench.stack."""

import colorsys
import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User
from django.db import connection
from PIL import Image

from uploads.media.previews import make_previews
from uploads.storage import save_previews

LAST_MOMENT = datetime(2026, 6, 30, 23, 59, tzinfo=UTC)
ROWS_PER_STATEMENT = 20_000
SIZES = ((4032, 3024), (3024, 4032), (4000, 2667), (2268, 4032), (4032, 2268), (3000, 3000))

# Every 50th picture has no date, and every 20th is a video. Dates are evenly spaced.
INSERT = """
INSERT INTO uploads_upload (owner_id, key, sha256, filename, size, mime_type, kind, duration, width, height, taken_at,
                            taken_source, camera, place, metadata, previews, tint, labels, description, processed_at,
                            created_at, updated_at)
SELECT %(owner)s, gen_random_uuid(), lpad(to_hex(number), 64, '0'), 'IMG_' || number || '.JPG', 1, 'image/jpeg',
       CASE WHEN number %% 20 = 0 THEN 'video' ELSE 'image' END, CASE WHEN number %% 20 = 0 THEN number %% 300 END,
       (%(widths)s::int[])[1 + number * 7 %% 6], (%(heights)s::int[])[1 + number * 7 %% 6],
       CASE WHEN number %% 50 > 0 THEN %(last)s::timestamptz - number * %(distance)s * interval '1 second' END,
       CASE WHEN number %% 50 > 0 THEN 'exif' ELSE '' END, 'Google Pixel 8', 'Reykjavík, Iceland',
       %(metadata)s::jsonb, (%(previews)s::jsonb[])[1 + number %% %(colours)s],
       (%(tints)s::text[])[1 + number %% %(colours)s], '[{"name": "glacier", "score": 0.8}]',
       'A glacier between dark mountains under a clear sky. Blue tones.', now(), now(), now()
  FROM generate_series(%(first)s, %(after)s - 1) AS number
"""
METADATA = json.dumps({f"tag_{number}": f"value {number} of the metadata of a photo" for number in range(16)})


def fill(owner: str, pictures: int, days: int) -> None:
    """Create the user `owner` with `pictures` pictures, taken in the `days` days before LAST_MOMENT."""
    user = User.objects.create(username=owner)
    previews, tints = _make_previews()
    values: dict[str, Any] = {
        "owner": user.pk,
        "widths": [width for width, _ in SIZES],
        "heights": [height for _, height in SIZES],
        "last": LAST_MOMENT,
        "distance": days * 86_400 / pictures,
        "metadata": METADATA,
        "previews": previews,
        "tints": tints,
        "colours": len(tints),
    }
    with connection.cursor() as cursor:
        for first in range(0, pictures, ROWS_PER_STATEMENT):
            cursor.execute(INSERT, values | {"first": first, "after": min(pictures, first + ROWS_PER_STATEMENT)})


def finish() -> None:
    """Run VACUUM ANALYZE on the tables, because autovacuum might run too late."""
    with connection.cursor() as cursor:
        for table in ("uploads_upload", "uploads_timelineday"):
            cursor.execute(f"VACUUM ANALYZE {table}")


def _make_previews() -> tuple[list[str], list[str]]:
    """Store previews in a few colours, for all pictures to share. Return their names and colours."""
    names, tints = [], []
    for number in range(12):
        red, green, blue = (round(255 * part) for part in colorsys.hls_to_rgb(number / 12, 0.45, 0.3))
        image = Image.effect_noise((1024, 768), 60).convert("RGB")
        image = Image.blend(image, Image.new("RGB", image.size, (red, green, blue)), 0.7)
        names.append(json.dumps(save_previews(uuid4(), make_previews(image))))
        tints.append(f"#{red:02x}{green:02x}{blue:02x}")
    return names, tints
