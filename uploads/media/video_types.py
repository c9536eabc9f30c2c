"""Detect the containers of videos from their first bytes."""

import re

_STILL_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1", b"mif2",
                 b"avif", b"avis", b"crx ", b"jxl ", b"j2ki", b"jp2 ", b"jpx ", b"miaf")  # fmt: skip
_AUDIO_BRANDS = (b"M4A ", b"M4B ", b"M4P ", b"F4A ", b"F4B ", b"aax ", b"aaxc")
_VIDEO_BRANDS = (b"mp41", b"mp42", b"mmp4", b"avc1", b"hvc1", b"dash", b"MSNV", b"XAVC", b"M4V ", b"M4VH", b"M4VP",
                 b"f4v ", b"F4V ", b"NDXS", b"NDXC", b"NDXH", b"NDXM", b"NDXP", b"NDAS", b"cmfc", b"av01")  # fmt: skip
# QuickTime files of old cameras have no box `ftyp`, but start with one of these boxes.
_QUICKTIME_BOXES = (b"moov", b"mdat", b"wide", b"pnot", b"free", b"skip")
_DOC_TYPE = re.compile(rb"\x42\x82.{1,8}?(webm|matroska)", re.DOTALL)  # the length has 1 to 8 bytes
_THEORA = b"\x80theora"  # the start of the first packet of each Theora stream
_TS_SYNC = 0x47
_TS_PACKETS = ((188, 0), (192, 4))  # MPEG-TS, and camcorders' M2TS with a 4-byte time stamp before each packet
_MIN_TS_PACKETS = 3


def sniff_video(head: bytes) -> str | None:
    """Return the type of a video or MP4 audio file that starts with `head`, even if it is not supported, or None."""
    if head[4:8] == b"ftyp":
        return _brand_type(head)
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return _matroska_type(head)
    if head.startswith(b"OggS"):
        return "video/ogg" if _THEORA in head else None
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return "video/x-msvideo"
    if head[4:8] in _QUICKTIME_BOXES and _is_plausible_box(head):
        return "video/quicktime"
    return "video/mp2t" if any(_has_ts_packets(head, *packet) for packet in _TS_PACKETS) else None


def _brand_type(head: bytes) -> str | None:
    """Return the type according to the major brand or, if that is unknown, the compatible brands."""
    major, size = head[8:12], int.from_bytes(head[:4], "big")
    brands = {major, *(head[start : start + 4] for start in range(16, min(size, len(head)) - 3, 4))}
    if major == b"qt  ":
        return "video/quicktime"
    if major[:3] in (b"3gp", b"3gr", b"3gs", b"3ge", b"3gg"):
        return "video/3gpp"
    if major[:3] == b"3g2":
        return "video/3gpp2"
    if major in _AUDIO_BRANDS:
        return "audio/mp4"
    if major in _VIDEO_BRANDS:
        return "video/mp4"
    if brands.isdisjoint(_STILL_BRANDS) and any(brand in _VIDEO_BRANDS or brand[:3] == b"iso" for brand in brands):
        return "video/mp4"
    return None


def _matroska_type(head: bytes) -> str | None:
    match = _DOC_TYPE.search(head, 4, 200)
    return None if match is None else {b"webm": "video/webm"}.get(match[1], "video/x-matroska")


def _is_plausible_box(head: bytes) -> bool:
    size = int.from_bytes(head[:4], "big")
    return size >= 8 or size in (0, 1)


def _has_ts_packets(head: bytes, size: int, offset: int) -> bool:
    packets = head[offset::size]
    return len(packets) >= _MIN_TS_PACKETS and set(packets) == {_TS_SYNC}
