"""Template filters for a picture's data, such as its exposure and its place on the map."""

from collections.abc import Callable

from django import template
from django.utils.formats import number_format

from uploads.models import Upload
from uploads.places.world_map import MapView, view_around
from uploads.sidecars.own_edits import DESCRIPTION, EDITS, LOCATION, removed_labels

register = template.Library()


@register.filter
def exposure(upload: Upload) -> str:
    """Return focal length, aperture, exposure time and sensitivity: “35 mm · f/5.6 · 1/250 s · ISO 400”."""
    values = ((upload.metadata.get(name), text) for name, text in _EXPOSURE.items())
    return " · ".join(text(value) for value, text in values if isinstance(value, (int, float)) and value > 0)


@register.filter
def megapixels(upload: Upload) -> str:
    """Return the number of pixels in millions, or "" if it is unknown or rounds to 0."""
    pixels = (upload.width or 0) * (upload.height or 0) / 1e6
    return _number(pixels) if pixels >= 0.1 else ""


@register.filter
def map_view(upload: Upload) -> MapView | None:
    """Return the part of the map around the picture's location, or None if the location is unknown."""
    if upload.latitude is None or upload.longitude is None:
        return None
    return view_around(upload.latitude, upload.longitude)


@register.filter
def own_location(upload: Upload) -> bool:
    """Return whether the owner set the picture's location."""
    return LOCATION in upload.sidecars.get(EDITS, {})


@register.filter("removed_labels")
def labels_removed_by_owner(upload: Upload) -> list[str]:
    """Return the names of the labels that the owner removed."""
    return removed_labels(upload.sidecars)


@register.filter
def original_description(upload: Upload) -> str:
    """Return the description that the owner replaced, or ""."""
    text: str = upload.sidecars.get(EDITS, {}).get(DESCRIPTION) or ""
    return text


def _number(value: float) -> str:
    """Format a number in the user's language with at most one decimal place."""
    rounded = round(value, 1)
    return number_format(int(rounded) if rounded == int(rounded) else rounded)


def _duration(seconds: float) -> str:
    return f"1/{round(1 / seconds)} s" if seconds < 0.3 else f"{_number(seconds)} s"


_EXPOSURE: dict[str, Callable[[float], str]] = {
    "focal_length": lambda value: f"{_number(value)} mm",
    "f_number": lambda value: f"f/{_number(value)}",
    "exposure_time": _duration,
    "iso": lambda value: f"ISO {value:.0f}",
}
