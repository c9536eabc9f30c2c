"""Forms for changing the dates and locations of pictures. If a form is valid, `change` returns the requested change."""

import re
from collections.abc import Sequence
from datetime import date, timedelta, timezone, tzinfo
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from uploads.media.sanitize import valid_position
from uploads.media.utc_offset import parse_utc_offset
from uploads.places import find_place
from uploads.sidecars.own_edits import Change, set_date, set_location, set_zone, shift_time

MAX_DAYS = 36_600
FIRST_DATE, LAST_DATE = date(1800, 1, 1), date(2199, 12, 31)
_OUT_OF_RANGE = _("Enter a date between 1800 and 2199.")
_COORDINATES = re.compile(r"(-?\d{1,2}(?:\.\d+)?)°?\s*([NS]?)\s*[,;\s]\s*(-?\d{1,3}(?:\.\d+)?)°?\s*([EW]?)", re.ASCII)
_AREAS = re.compile(r"(Africa|America|Antarctica|Asia|Atlantic|Australia|Europe|Indian|Pacific)/")


@cache
def zone_names() -> Sequence[str]:
    """Return the time zone names that start with a geographical area, such as “Europe/Lisbon”."""
    return sorted(name for name in available_timezones() if _AREAS.match(name))


class DateForm(forms.Form):
    """Shift the dates of pictures, set the date or the time zone, or restore the original dates."""

    SHIFT, DATE, ZONE, ORIGINAL = "shift", "date", "zone", "original"
    LATER, EARLIER = "later", "earlier"

    how = forms.ChoiceField(choices=[(name, name) for name in (SHIFT, DATE, ZONE, ORIGINAL)])
    direction = forms.ChoiceField(choices=[(LATER, _("later")), (EARLIER, _("earlier"))], required=False)
    days = forms.IntegerField(label=_("Days"), min_value=0, max_value=MAX_DAYS, required=False)
    hours = forms.IntegerField(label=_("Hours"), min_value=0, max_value=1_000, required=False)
    minutes = forms.IntegerField(label=_("Minutes"), min_value=0, max_value=1_000, required=False)
    seconds = forms.IntegerField(label=_("Seconds"), min_value=0, max_value=1_000, required=False)
    date = forms.DateField(
        label=_("Date"),
        required=False,
        validators=[MinValueValidator(FIRST_DATE, _OUT_OF_RANGE), MaxValueValidator(LAST_DATE, _OUT_OF_RANGE)],
        widget=forms.DateInput({"type": "date", "min": str(FIRST_DATE), "max": str(LAST_DATE)}, "%Y-%m-%d"),
    )
    time = forms.TimeField(
        label=_("Time (optional)"), required=False, widget=forms.TimeInput({"type": "time", "step": "1"})
    )
    zone = forms.CharField(
        label=_("Time zone"),
        max_length=60,
        required=False,
        widget=forms.TextInput({"list": "zones", "placeholder": "Europe/Lisbon", "autocomplete": "off"}),
    )

    def clean(self) -> dict[str, Any]:
        """Require the fields that the chosen option needs."""
        data = self.cleaned_data
        if data.get("how") == self.SHIFT and not self.errors and not self._shift():
            self.add_error("days", _("Enter an amount to shift the dates by."))
        if data.get("how") == self.DATE and not data.get("date") and "date" not in self.errors:
            self.add_error("date", _("Enter a date."))
        if data.get("how") == self.ZONE and not data.get("zone"):
            self.add_error("zone", _("Enter a time zone."))
        return data

    def clean_zone(self) -> tzinfo | None:
        """Parse the name of a time zone, or an offset from UTC."""
        text = self.cleaned_data["zone"].strip()
        if not text:
            return None
        if text in available_timezones():
            return ZoneInfo(text)
        offset = parse_utc_offset(text)
        if offset is None:
            raise ValidationError(_("Enter a time zone such as Europe/Lisbon or UTC+01:00."))
        return timezone(offset)

    def change(self) -> Change | None:
        """Return the change requested by a valid form, or None to restore the original date."""
        data = self.cleaned_data
        match data["how"]:
            case self.SHIFT:
                return shift_time(self._shift())
            case self.DATE:
                return set_date(data["date"], data["time"])
            case self.ZONE:
                return set_zone(data["zone"])
        return None

    def _shift(self) -> timedelta:
        units = ("days", "hours", "minutes", "seconds")
        by = timedelta(**{unit: self.cleaned_data.get(unit) or 0 for unit in units})
        return -by if self.cleaned_data.get("direction") == self.EARLIER else by


class LocationForm(forms.Form):
    """Set or remove the location of pictures, or restore the original one."""

    PLACE, REMOVE, ORIGINAL = "place", "remove", "original"

    how = forms.ChoiceField(choices=[(name, name) for name in (PLACE, REMOVE, ORIGINAL)])
    place = forms.CharField(
        label=_("City or coordinates"),
        max_length=200,
        required=False,
        widget=forms.TextInput({"list": "places", "placeholder": "38.7223, -9.1393"}),
    )

    def clean(self) -> dict[str, Any]:
        """Parse or look up the coordinates of the place."""
        data = self.cleaned_data
        if data.get("how") == self.PLACE:
            position = parse_position(data.get("place", ""))
            if position is None:
                self.add_error("place", _("The place was not found. Enter a larger city nearby, or coordinates."))
            data["position"] = position
        return data

    def change(self) -> Change | None:
        """Return the change requested by a valid form, or None to restore the original location."""
        match self.cleaned_data["how"]:
            case self.PLACE:
                return set_location(*self.cleaned_data["position"])
            case self.REMOVE:
                return set_location(None, None)
        return None


def parse_position(text: str) -> tuple[float, float] | None:
    """Parse coordinates in degrees, or look up the city that the text names. Return None if neither succeeds."""
    match = _COORDINATES.fullmatch(text.strip())
    if match is None:
        return find_place(text)
    latitude = float(match[1]) * (-1 if match[2] == "S" else 1)
    longitude = float(match[3]) * (-1 if match[4] == "W" else 1)
    match valid_position(latitude, longitude):
        case (float() as valid_latitude, float() as valid_longitude):
            return valid_latitude, valid_longitude
    return None
