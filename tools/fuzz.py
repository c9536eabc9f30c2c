"""Fuzz the Python code that parses untrusted bytes, guided by coverage, for a limited time.

This needs atheris, which is not a dependency of the project: .venv/bin/pip install atheris. Then run
`.venv/bin/python -m tools.fuzz TARGET [SECONDS [FOLDER]]`. Inputs derive from the files in FOLDER (by default
var/fuzz/TARGET), and new ones are saved there. An input that causes an error is saved beside FOLDER: add it to the
tests.
"""

import io
import os
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import atheris
import django

os.environ.setdefault("SECRET_KEY", "only-for-fuzzing")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vuemantics.settings")

_OURS = ["uploads.media", "uploads.sidecars", "uploads.archives", "batches.intake.tus", "batches.intake.file_name"]
with atheris.instrument_imports(include=[*_OURS, "plistlib"]):
    django.setup()  # inside the block, because it imports some of these modules
    from batches.intake.tus.headers import read_creation, read_headers, read_metadata, read_patch
    from batches.intake.tus.protocol_error import TusError
    from tools.fuzz_seeds import SEEDS
    from uploads.archives.zip_directory import read_directory
    from uploads.archives.zip_file import unpack
    from uploads.archives.zip_limits import check_entries, is_unsafe
    from uploads.errors import PermanentError
    from uploads.media import gif_structure, jpeg_structure, png_structure, webp_structure
    from uploads.media.bmp import read_bmp
    from uploads.media.exif import interpret_tags, read_tags
    from uploads.media.header import ImageHeader
    from uploads.media.heif_boxes import colour_codes
    from uploads.media.icon import read_icon
    from uploads.media.limits import check_size
    from uploads.media.sniff import name_type
    from uploads.media.tiff_tags import FileBytes, TiffTags
    from uploads.sidecars.recognise import SidecarKind, parse_sidecar, sidecar_kind
    from uploads.sidecars.values import ExportData, InvalidSidecar, SidecarValues

_REFUSALS = (PermanentError, ValueError, LookupError, OSError, struct.error)
_DECODE_REFUSALS = (*_REFUSALS, SyntaxError)  # Pillow's PNG decoder raises SyntaxError
_MAX_PIXELS = 1 << 16


def _exif(data: bytes) -> None:
    interpret_tags(*read_tags(data))
    TiffTags(FileBytes(io.BytesIO(data))).first_directory_bytes()


def _structure(
    read: Callable[[io.BytesIO], object], refusals: tuple[type[Exception], ...] = _REFUSALS
) -> Callable[[bytes], None]:
    def target(data: bytes) -> None:
        try:
            read(io.BytesIO(data))
        except refusals:
            return

    return target


def _picture(read: Callable[[io.BytesIO], ImageHeader]) -> Callable[[bytes], None]:
    """Return a target that reads the header of a picture, and decodes the picture if it has up to _MAX_PIXELS."""

    def decode(file: io.BytesIO) -> None:
        header = read(file)
        check_size(header.width, header.height, _MAX_PIXELS, header.pixel_bytes)
        header.load(header.open(), 320)

    return _structure(decode, _DECODE_REFUSALS)


def _sidecar(kind: SidecarKind, path: str) -> Callable[[bytes], None]:
    """Return a target that parses a sidecar, and checks that its values survive JSON and contain no NUL."""

    def target(data: bytes) -> None:
        sidecar_kind(path, len(data), data[:64])
        try:
            entries = parse_sidecar(kind, data, path)
        except (InvalidSidecar, ExportData):
            return
        for entry in entries:
            stored = entry.values.as_json()
            assert SidecarValues.from_json(stored) == entry.values
            assert "\0" not in f"{entry.name}{stored}"

    return target


def _zip(data: bytes) -> None:
    try:
        entries = list(read_directory(lambda offset, length: data[offset : offset + length], len(data), 1000))
        check_entries(entries, len(data), 2**30)
    except PermanentError:
        return
    for entry in entries:
        is_unsafe(entry.path)
        try:
            size = sum(map(len, unpack(io.BytesIO(data[entry.offset :]), entry)))
        except PermanentError:
            continue
        assert size == entry.size


def _tus(data: bytes) -> None:
    lines = [line.partition(b": ")[::2] for line in data.split(b"\n")]
    headers = read_headers(lines)
    for read in (read_patch, lambda headers: read_metadata(headers.get("upload-metadata", ""))):
        with suppress(TusError):
            read(headers)
    try:
        file = read_creation(headers).name.as_new_file()
    except TusError:
        return
    assert 0 < len(file.filename) <= 255
    assert len(file.relative_path) <= 1000
    assert "\0" not in file.filename + file.relative_path


TARGETS: dict[str, Callable[[bytes], object]] = {
    "sniff": name_type,
    "exif": _exif,
    "boxes": lambda data: colour_codes(io.BytesIO(data)),
    "jpeg": _structure(jpeg_structure.read_structure),
    "png": _structure(png_structure.read_structure),
    "gif": _structure(gif_structure.read_structure),
    "webp": _structure(webp_structure.read_structure),
    "bmp": _picture(read_bmp),
    "icon": _picture(read_icon),
    "xmp": _sidecar(SidecarKind.XMP, "a/IMG_1.xmp"),
    "takeout": _sidecar(SidecarKind.TAKEOUT, "Takeout/Sea/IMG_1.jpg.json"),
    "album": _sidecar(SidecarKind.TAKEOUT, "Takeout/Sea/metadata.json"),
    "aae": _sidecar(SidecarKind.AAE, "a/IMG_1.AAE"),
    "apple": _sidecar(SidecarKind.APPLE, "a/Photo Details.csv"),
    "zip": _zip,
    "tus": _tus,
}


def main() -> None:
    """Fuzz one target. The exit status is nonzero if an error was found."""
    name, seconds = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "60"
    folder = Path(sys.argv[3] if len(sys.argv) > 3 else f"var/fuzz/{name}")
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(SEEDS.get(name, [])):
        Path(folder, f"seed-{number}").write_bytes(seed)
    options = [f"-max_total_time={seconds}", "-max_len=4096", "-timeout=10", f"-artifact_prefix={folder}-"]
    atheris.Setup([sys.argv[0], *options, str(folder)], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
