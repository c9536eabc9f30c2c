"""Split the names of pictures into the parts by which sidecars, versions and bursts are recognised.

Google truncates names: a picture's name, without extension, to 47 characters, and a JSON file's name to 46 before
“.json”, both in UTF-16 units. A counter such as “(1)” distinguishes files of the same name; in a JSON file's name, it
comes before or after the picture's extension. Edited versions and the video of a live photo have no JSON files
of their own.
"""

import re
import unicodedata
from dataclasses import dataclass

KEY_UNITS = 36
JSON_UNITS = 46
PICTURE_UNITS = 47
RAW_EXTENSIONS = r"dng|cr[23w]|nef|nrw|arw|srf|sr2|raf|orf|rw[2l]|mrw|pef|srw|x3f|3fr|fff|iiq|mos|mef|erf|kdc|dcr|raw"
"""A pattern that matches the extensions of raw photos."""
_EXTENSION = re.compile(
    r"\.(jpe?g|jpe|jfif|png|apng|gif|webp|hei[cf]s?|hif|avifs?|jxl|tiff?|bmp|ori|mp4|m4v|mov|qt|mkv|webm|avi|3gpp?|3g2"
    rf"|mpe?g|m?ts|m2ts|wmv|mp|mv|{RAW_EXTENSIONS})"
)
_EDITED = re.compile(
    r"-(edited|effects-edited|effects|bearbeitet|modifié|editad[oa]|ha editado|modificato|bewerkt|edytowan[ey]"
    r"|redigerad|redigeret|redigert|muokattu|düzenlendi|upraveno|upravené|szerkesztett|editat|изменено|отредактировано|змінено"
    r"|編集済み|已编辑|已修改|已編輯|수정됨|편집됨|แก้ไขแล้ว|đã chỉnh sửa|diedit)$"
)
_EDITED_ENGLISH = "-edited"
# Patterns for Apple's edited pictures (E) and their originals (O), the files of one Pixel exposure, the pictures of a
# burst, and the suffix of darktable's versions.
APPLE_VARIANT = re.compile(r"img_[eo](\d{4,})")
_APPLE_RENDERING = re.compile(r"img_e(\d{4,})")
_PIXEL = re.compile(r"(pxl_\d{8}_\d{9})\..*")
_BURST = re.compile(r"burst\d{14,}")
VERSION = re.compile(r"_\d\d")

NAME_PATTERNS = {
    "extension": _EXTENSION.pattern,
    "edited": _EDITED.pattern,
    "apple_variant": APPLE_VARIANT.pattern,
    "pixel": _PIXEL.pattern,
    "burst": _BURST.pattern,
    "version": VERSION.pattern,
}
"""The regular expressions for the upload page, which applies the same rules (static/upload/sidecar_names.js)."""


@dataclass(frozen=True, slots=True)
class NameParts:
    """A name in lower case and its parts. `stem` has no extension, counter or suffix of edited versions."""

    name: str
    stem: str
    counter: str
    extension: str
    is_edited: bool


def fold(name: str) -> str:
    """Normalise a name for comparison: NFC and case-folded."""
    return unicodedata.normalize("NFC", name).casefold()


def split_name(name: str) -> NameParts:
    """Split the name of a picture, which may come from the picture itself or from a sidecar's name."""
    name = fold(name)
    stem, extension = split_extension(name)
    stem, counter = split_counter(stem)
    if counter and not extension:  # such as “IMG_1.jpg(1)”, from a JSON file's name
        stem, extension = split_extension(stem)
    edited = _edited_suffix(stem)
    stem = stem.removesuffix(edited)
    if edited and not counter:  # such as “IMG_1(1)-edited.jpg”, edited from “IMG_1(1).jpg”
        stem, counter = split_counter(stem)
    return NameParts(name, stem, counter, extension, bool(edited))


def name_key(name: str) -> str:
    """Return a key that a picture, its sidecars and its parts share. Other files may have the same key.

    `name` is a picture's name, or the result of `sidecar_target` for a sidecar's name.
    """
    stem = split_name(name).stem
    stem, _ = split_extension(stem)  # so that “PXL_….MP.jpg” and “PXL_….MP” have the same key
    if burst := burst_of(stem):
        return burst
    stem = _PIXEL.sub(r"\1", stem).removesuffix("_hevc")
    if variant := APPLE_VARIANT.fullmatch(stem):
        return f"img_{variant[1]}"
    if VERSION.fullmatch(stem[-3:]):
        stem = stem[:-3]
    return stem.encode("utf-16-le", "surrogatepass")[: 2 * KEY_UNITS].decode("utf-16-le", "ignore")


def burst_of(name: str) -> str:
    """Return the part that the names of a burst's pictures have in common, such as “burst20190101123456789”, or ""."""
    match = _BURST.search(fold(name))
    return match[0] if match else ""


def edited_from(name: str) -> tuple[str, str] | None:
    """Return the stem and counter of the original if `name` is that of an edited picture, otherwise None.

    Edited pictures have names such as “IMG_E1.JPG” and “IMG_1-edited.jpg”.
    """
    parts = split_name(name)
    if variant := _APPLE_RENDERING.fullmatch(parts.stem):
        return f"img_{variant[1]}", parts.counter
    return (parts.stem, parts.counter) if parts.is_edited else None


def utf16_units(text: str) -> int:
    """Return the length of a text in UTF-16 units, in which Google counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def split_extension(name: str) -> tuple[str, str]:
    """Split a folded name into stem and extension. Only extensions of pictures and videos are split off."""
    stem, dot, _ = name.rpartition(".")
    extension = name[len(stem) :] if dot else ""
    return (stem, extension) if stem and _EXTENSION.fullmatch(extension) else (name, "")


def split_counter(stem: str) -> tuple[str, str]:
    """Split “IMG_1(2)” into “IMG_1” and “2”. The counter is empty if there is none."""
    match = re.fullmatch(r"(.+)\((\d+)\)", stem, re.DOTALL | re.ASCII)
    return (match[1], match[2]) if match else (stem, "")


def _edited_suffix(stem: str) -> str:
    if match := _EDITED.search(stem, 1):
        return match[0]
    # In the longest names, the end of the suffix is cut off.
    suffix = stem[stem.rfind("-") :]
    is_cut = utf16_units(stem) == PICTURE_UNITS and len(suffix) > 2 and _EDITED_ENGLISH.startswith(suffix)
    return suffix if is_cut else ""
