"""Detect formats that share a container: HEIF formats by their brands, and TIFF-based raw photos by their tags."""

from collections.abc import Mapping

from uploads.media.tiff_tags import ByteSource, TiffTags, Value

_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"MiHB", b"MiHE"})
_AVIF_BRANDS = frozenset({b"avif", b"avis", b"MA1A", b"MA1B"})
# Brands for H.264, H.266, JPEG, JPEG 2000 and uncompressed pictures, then brands that do not name a codec.
_HEIF_BRANDS = frozenset({b"avci", b"avcs", b"vvic", b"vvis", b"jpeg", b"jpgs", b"j2ki", b"j2is", b"unif"})
_HEIF_STRUCTURES = frozenset({b"mif1", b"mif2", b"mif3", b"msf1", b"miaf"})
_CANON_BRAND = b"crx "
_MAX_BRANDS = 64

_RAW_STARTS = {
    b"FUJIFILMCCD-RAW": "image/x-fuji-raf",
    b"IIRO": "image/x-olympus-orf",
    b"IIRS": "image/x-olympus-orf",
    b"MMOR": "image/x-olympus-orf",
    b"IIU\0": "image/x-panasonic-rw2",
    b"II\x1a\0\0\0HEAPCCDR": "image/x-canon-crw",
    b"\0MRM": "image/x-minolta-mrw",
    b"FOVb": "image/x-sigma-x3f",
}
_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_CR2_MARK = b"CR\x02"
_IIQ_MARKS = (b"IIII", b"MMMM")
_SUBFILE_TYPE, _COMPRESSION, _PHOTOMETRIC, _MAKE, _SUB_IFDS, _DNG_VERSION = 254, 259, 262, 271, 330, 50706
_WANTED = frozenset({_SUBFILE_TYPE, _COMPRESSION, _PHOTOMETRIC, _MAKE, _SUB_IFDS, _DNG_VERSION})
_REDUCED, _COLOUR_FILTER_ARRAY = 1, 32803
# Compression codes that only Nikon, Sony, Samsung, Kodak and Pentax cameras use.
_CAMERA_COMPRESSIONS = frozenset({34713, 32767, 32770, 65000, 65535})
# The first word of each maker's name.
_MAKERS = {
    b"NIKON": "image/x-nikon-nef",
    b"SONY": "image/x-sony-arw",
    b"PENTAX": "image/x-pentax-pef",
    b"RICOH": "image/x-pentax-pef",
    b"SAMSUNG": "image/x-samsung-srw",
    b"HASSELBLAD": "image/x-hasselblad-3fr",
    b"IMACON": "image/x-hasselblad-3fr",
    b"EASTMAN": "image/x-kodak-kdc",
    b"KODAK": "image/x-kodak-kdc",
    b"PHASE": "image/x-phaseone-iiq",
    b"LEAF": "image/x-leaf-mos",
    b"MAMIYA-OP": "image/x-mamiya-mef",
    b"SEIKO": "image/x-epson-erf",
}


def iso_type(head: bytes) -> str | None:
    """Return the type of a still picture in an ISO base media file, or None if it is something else (ISO 23008-12)."""
    if head[4:8] != b"ftyp":
        return None
    size = min(int.from_bytes(head[:4], "big"), 16 + 4 * _MAX_BRANDS)
    compatible = [head[start : start + 4] for start in range(16, min(size, len(head)), 4)]
    major = head[8:12]
    if major == _CANON_BRAND:
        return "image/x-canon-cr3"
    if not {major, *compatible} & (_HEIC_BRANDS | _AVIF_BRANDS | _HEIF_BRANDS | _HEIF_STRUCTURES):
        return None
    for brand in (major, *compatible):
        if brand in _HEIC_BRANDS:
            return "image/heic"
        if brand in _AVIF_BRANDS:
            return "image/avif"
        if brand in _HEIF_BRANDS:
            return "image/heif"
    return "image/heif"


def tiff_type(content: ByteSource) -> str | None:
    """Return the type of a TIFF or a raw photo, or None if it is neither.

    `content` is the file or its beginning. A raw photo whose tags are not in `content` is detected as a TIFF.
    """
    head = content[:16]
    for start, mime_type in _RAW_STARTS.items():
        if head.startswith(start):
            return mime_type
    if not head.startswith(_TIFF_STARTS):
        return None
    if head[8:11] == _CR2_MARK:
        return "image/x-canon-cr2"
    if head[8:12] in _IIQ_MARKS:
        return "image/x-phaseone-iiq"
    tags = TiffTags(content).first_directory(_WANTED)
    if _DNG_VERSION in tags:
        return "image/x-adobe-dng"
    maker = tags.get(_MAKE)
    if isinstance(maker, bytes) and _has_sensor_data(tags):
        brand = maker.split(b" ")[0].strip(b"\0").upper()
        return _MAKERS.get(brand, "image/tiff")
    return "image/tiff"


def _has_sensor_data(tags: Mapping[int, Value]) -> bool:
    """Return whether the file probably contains sensor data. `tags` are those of the first directory.

    That directory describes the sensor data itself, or a preview if the sensor data is in another directory.
    """
    is_preview = tags.get(_SUBFILE_TYPE) == _REDUCED and _SUB_IFDS in tags
    is_mosaic = tags.get(_PHOTOMETRIC) == _COLOUR_FILTER_ARRAY
    return is_preview or is_mosaic or tags.get(_COMPRESSION) in _CAMERA_COMPRESSIONS
