"""Match the names of sidecars to those of pictures, by the rules of the programs that write sidecars."""

import re

from uploads.sidecars.names import (
    APPLE_VARIANT,
    JSON_UNITS,
    VERSION,
    NameParts,
    fold,
    split_counter,
    split_extension,
    split_name,
    utf16_units,
)

_METADATA = ".supplemental-metadata"


def sidecar_target(name: str) -> str:
    """Return the name of the picture that a sidecar's name refers to: “IMG_1.jpg”, “IMG_1” or a truncated name."""
    target = re.sub(r"\.(json|xmp|aae)$", "", name, flags=re.IGNORECASE)
    base, counter = split_counter(target)
    cut = _metadata_suffix(base)
    return base[: len(base) - len(cut)] + (f"({counter})" if counter else "")


def names_picture(target: str) -> bool:
    """Return whether the result of `sidecar_target` for a JSON file can only be the name of a picture.

    Such a name has a picture's extension, or is so long that Google cut the extension off. Other names may be those of
    old sidecars, or of files that describe an album or the export, which have names in the user's language.
    """
    parts = split_name(target)
    return bool(parts.extension) or utf16_units(_without_counter(parts)) >= JSON_UNITS


def takeout_rank(target: str, picture: str) -> int | None:
    """Return how well a JSON file's target matches a picture's name (0 is best), or None if they do not match."""
    wanted, found = split_name(target), split_name(picture)
    if wanted.name == found.name:
        return 0
    is_cut = utf16_units(_without_counter(wanted)) >= JSON_UNITS
    if is_cut and found.is_edited and not wanted.counter and wanted.stem.startswith(f"{found.stem}({found.counter})"):
        return 3  # The extension that follows the counter was cut, as in “IMG_1(1).jp”.
    if wanted.counter != found.counter:
        # Google omits the counter from truncated names of JSON files.
        forgot = is_cut and not wanted.counter and _starts(found, wanted)
        return 5 if forgot else None
    if wanted.stem == found.stem and wanted.extension == found.extension and wanted.is_edited == found.is_edited:
        return 1
    if is_cut and _starts(found, wanted):
        return 2
    if is_cut and found.is_edited and wanted.stem.startswith(found.stem):
        return 3
    if _bare_stem(wanted) != _bare_stem(found) or wanted.is_edited:
        return None
    return 3 if found.is_edited else 4


def xmp_rank(target: str, picture: str) -> int | None:
    """Return how well an XMP file's target matches a picture's name; see takeout_rank().

    Targets are names such as “IMG_1.CR2” and “IMG_1”, and darktable's “IMG_1_01.CR2”.
    """
    wanted, found = split_name(target), split_name(picture)
    if wanted.name == found.name:
        return 0
    if not wanted.extension:
        return 1 if wanted.name == found.name.removesuffix(found.extension) else None
    is_version = wanted.extension == found.extension and VERSION.fullmatch(wanted.stem[-3:])
    return 2 if is_version and wanted.name == f"{found.stem}{wanted.stem[-3:]}{found.extension}" else None


def aae_rank(target: str, picture: str) -> int | None:
    """Return how well an AAE file's target, such as “IMG_1” or “IMG_O1”, matches a picture's name."""
    wanted, found = split_name(target), split_name(picture)
    own = found.name.removesuffix(found.extension)
    if wanted.name == own:
        return 0
    return 1 if APPLE_VARIANT.sub(r"img_\1", wanted.name) == own else None


def exact_rank(target: str, picture: str) -> int | None:
    """Return 0 if the names are equal, else None; used for CSV files. A blank target matches every picture."""
    return 0 if not target or fold(target) == fold(picture) else None


def _metadata_suffix(base: str) -> str:
    """Return “.supplemental-metadata” at the end of a name, or the part of it that was not cut off."""
    folded = base.lower()
    for length in range(len(_METADATA), 0, -1):
        if folded.endswith(_METADATA[:length]):
            rest = base[: len(base) - length]
            is_sure = length > 5 or utf16_units(base) >= JSON_UNITS or bool(split_extension(rest.lower())[1])
            return base[len(rest) :] if rest and is_sure else ""
    return ""


def _without_counter(parts: NameParts) -> str:
    return parts.name.replace(f"({parts.counter})", "") if parts.counter else parts.name


def _starts(found: NameParts, wanted: NameParts) -> bool:
    return _without_counter(found).startswith(_without_counter(wanted).rstrip("\N{REPLACEMENT CHARACTER}"))


def _bare_stem(parts: NameParts) -> str:
    return split_extension(parts.stem)[0]
