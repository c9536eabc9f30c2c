"""Rebuild the picture page's map from the published package and compare it with the shipped one.

    python -m tools.build_map FOLDER [--write]

This downloads 2 MB into FOLDER with npm. The exit status is 1 if the map differs. With --write, the new map replaces
the shipped one; then update its checksum in NOTICE.
"""

import argparse
import hashlib
import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

from tools.weights.sources import Member, read
from uploads.places.world_map import WORLD, project

FILE = Path(__file__).parents[1] / "static/img/world.svg"
_PACKAGE = "world-atlas@2.0.2"
LAND = Member(
    "world-atlas-*.tgz",
    "package/land-110m.json",
    "ead5f68119c49a9250902e7da303bcb209341bbb8fefe7369a439b48b704658a",
)

Point = tuple[int, int]


def build(folder: Path) -> bytes:
    """Return the map as SVG with one path, “land”, in the coordinates that uploads.places.world_map defines."""
    topology = json.loads(read(folder, LAND))
    arcs = [_decode(arc, topology["transform"]) for arc in topology["arcs"]]
    [land] = topology["objects"]["land"]["geometries"]
    rings = [ring for polygon in land["arcs"] for ring in polygon]
    drawn = [copy for ring in rings for copy in _copies(_unwrap(_join(ring, arcs)))]
    path = "".join(filter(None, map(_draw, drawn)))
    return f'<svg xmlns="http://www.w3.org/2000/svg"><path id="land" d="{path}"/></svg>\n'.encode()


def _decode(arc: list[list[int]], transform: dict[str, list[float]]) -> list[Point]:
    """Return the points of an arc in the map's coordinates.

    TopoJSON stores each point as its difference from the previous one.
    """
    x = y = 0
    points = []
    for dx, dy in arc:
        x, y = x + dx, y + dy
        longitude, latitude = (
            value * scale + offset
            for value, scale, offset in zip((x, y), transform["scale"], transform["translate"], strict=True)
        )
        points.append(project(latitude, longitude))
    return points


def _join(ring: list[int], arcs: list[list[Point]]) -> list[Point]:
    """Return the points of a ring, given the indexes of its arcs. A negative index ~n means arc n in reverse order."""
    points: list[Point] = []
    for number in ring:
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        points += arc[1:] if points else arc
    return points


def _unwrap(points: list[Point]) -> list[Point]:
    """Continue a ring beyond the edge of the map where it crosses the antimeridian.

    Otherwise, the crossing would be drawn as a line across the whole map. A ring around the South Pole stays as it is.
    """
    shift, unwrapped = 0, points[:1]
    for (before, _), (x, y) in pairwise(points):
        if abs(x - before) > WORLD // 2:
            shift += WORLD if x < before else -WORLD
        unwrapped.append((x + shift, y))
    return unwrapped if not shift else points


def _copies(points: list[Point]) -> list[list[Point]]:
    """Return the ring, and a copy at the other edge of the map if it extends beyond one."""
    edges = ((min(x for x, _ in points) < -WORLD // 2, WORLD), (max(x for x, _ in points) > WORLD // 2, -WORLD))
    return [points, *([(x + shift, y) for x, y in points] for is_beyond, shift in edges if is_beyond)]


def _draw(points: list[Point]) -> str:
    """Return the ring as an SVG path with relative coordinates, or "" if it is too small to be visible."""
    kept: list[Any] = [point for point, before in zip(points, [None, *points], strict=False) if point != before]
    if len(set(kept)) < 3:
        return ""
    steps = [f"{x - u},{y - v}" for (u, v), (x, y) in pairwise(kept)]
    return f"M{kept[0][0]},{kept[0][1]}l{' '.join(steps)}z"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder for the downloaded package")
    parser.add_argument("--write", action="store_true", help="replace the shipped map")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    if not any(options.folder.glob("world-atlas-*.tgz")):
        subprocess.run(["npm", "pack", "--silent", _PACKAGE], cwd=options.folder, check=True)
    built = build(options.folder)
    same = FILE.exists() and built == FILE.read_bytes()
    print(f"{FILE.name} {len(built):,} bytes  {hashlib.sha256(built).hexdigest()}  {'same' if same else 'DIFFERENT'}")
    if options.write:
        FILE.parent.mkdir(exist_ok=True)
        FILE.write_bytes(built)
    return int(not same)


if __name__ == "__main__":
    sys.exit(main())
