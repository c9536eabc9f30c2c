"""Fuzz the Python code that parses untrusted bytes, guided by coverage, for a limited time.

This needs atheris, which is not a dependency of the project: .venv/bin/pip install atheris. Then run
`.venv/bin/python -m tools.fuzz TARGET [SECONDS [FOLDER]]`. Inputs derive from the files in FOLDER, and new ones are
saved there. Keep each input that causes an error as a test case.
"""

import io
import struct
import sys
from collections.abc import Callable

import atheris
from django.conf import settings

with atheris.instrument_imports(include=["uploads.media"]):
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
    """Return a target that also decodes pictures of up to _MAX_PIXELS."""

    def decode(file: io.BytesIO) -> None:
        header = read(file)
        check_size(header.width, header.height, _MAX_PIXELS, header.pixel_bytes)
        header.load(header.open(), 320)

    return _structure(decode, _DECODE_REFUSALS)


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
}


def main() -> None:
    """Fuzz one target. The exit status is nonzero if an error was found."""
    settings.configure(USE_I18N=False)
    target, seconds = TARGETS[sys.argv[1]], sys.argv[2] if len(sys.argv) > 2 else "60"
    options = [f"-max_total_time={seconds}", "-max_len=4096", "-timeout=10"]
    atheris.Setup([sys.argv[0], *options, *sys.argv[3:4]], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
