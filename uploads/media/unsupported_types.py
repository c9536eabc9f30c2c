"""Detect and name types that are not supported, so that error messages say what a file is.

No file of a supported type starts like one of these. TGAs have no signature, so they are checked last.
"""

import re

NAMES = {
    "application/dicom": "DICOM pictures",
    "application/pdf": "PDF documents",
    "application/postscript": "PostScript files",
    "application/zip": "ZIP archives",
    "image/bpg": "BPG pictures",
    "image/fits": "FITS pictures",
    "image/icns": "Apple icons (ICNS)",
    "image/jp2": "JPEG 2000 pictures",
    "image/qoi": "QOI pictures",
    "image/svg+xml": "SVG drawings",
    "image/vnd.adobe.photoshop": "Photoshop files",
    "image/vnd.djvu": "DjVu documents",
    "image/vnd.dwg": "AutoCAD drawings",
    "image/vnd.ms-dds": "DDS textures",
    "image/vnd.ms-photo": "JPEG XR pictures",
    "image/vnd.radiance": "Radiance HDR pictures",
    "image/vnd.zbrush.pcx": "PCX pictures",
    "image/x-exr": "OpenEXR pictures",
    "image/x-flif": "FLIF pictures",
    "image/x-portable-anymap": "Netpbm pictures (PBM, PGM, PPM and PAM)",
    "image/x-sgi": "SGI pictures",
    "image/x-sun-raster": "Sun raster pictures",
    "image/x-tga": "TGA pictures",
    "image/x-xcf": "GIMP files (XCF)",
    "text/html": "Web pages",
    "text/plain": "Text files",
    "video/mpeg": "MPEG-1 and MPEG-2 videos",
    "video/ogg": "Ogg videos",
    "video/x-ms-wmv": "WMV videos",
}
"""English plural names of unsupported types, keyed by MIME type."""

_STARTS = {
    b"\0\0\0\x0cjP  \r\n\x87\n": "image/jp2",
    b"\xff\x4f\xff\x51": "image/jp2",  # a codestream without a container
    b"qoif": "image/qoi",
    b"icns": "image/icns",
    b"DDS \x7c\0\0\0": "image/vnd.ms-dds",
    b"v/1\x01": "image/x-exr",
    b"#?RADIANCE\n": "image/vnd.radiance",
    b"#?RGBE\n": "image/vnd.radiance",
    b"II\xbc\x01": "image/vnd.ms-photo",
    b"gimp xcf ": "image/x-xcf",
    b"AT&TFORM": "image/vnd.djvu",
    b"BPG\xfb": "image/bpg",
    b"FLIF": "image/x-flif",
    b"SIMPLE  =": "image/fits",
    b"\x59\xa6\x6a\x95": "image/x-sun-raster",
    b"%!PS-Adobe": "application/postscript",
}
_PATTERNS = {
    # The numbers are width and height. Comments may precede them.
    re.compile(rb"P[1-6](?:\s|#[^\n]*\n)+\d+\s+\d+\s|P7\nWIDTH |P[Ff]\n\d+ \d+\n"): "image/x-portable-anymap",
    # Signature, version, run-length encoding, bits per pixel.
    re.compile(rb"\x0a[\x00\x02-\x05]\x01[\x01\x02\x04\x08]"): "image/vnd.zbrush.pcx",
    # Signature, storage, bytes per channel, dimensions.
    re.compile(rb"\x01\xda[\x00\x01][\x01\x02]\x00[\x01-\x03]"): "image/x-sgi",
}
_TGA_HEADER_BYTES = 18
_TGA_PALETTE, _TGA_GREY = (1, 9), (3, 11)
_TGA_KINDS = (*_TGA_PALETTE, *_TGA_GREY, 2, 10)
_TGA_DEPTHS = {15, 16, 24, 32}


def sniff_unsupported(head: bytes) -> str | None:
    """Return the type of a file that starts with `head` if it is an unsupported type with a signature, or None."""
    for start, mime_type in _STARTS.items():
        if head.startswith(start):
            return mime_type
    return next((mime_type for pattern, mime_type in _PATTERNS.items() if pattern.match(head)), None)


def is_tga(head: bytes) -> bool:
    """Return whether a file may be a TGA. TGAs have no signature, so the fields of the header are checked."""
    if len(head) < _TGA_HEADER_BYTES:
        return False
    has_palette, kind, depth, flags = head[1], head[2], head[16], head[17]
    width, height = (int.from_bytes(head[at : at + 2], "little") for at in (12, 14))
    if has_palette > 1 or kind not in _TGA_KINDS or not width or not height or flags & 0xC0:
        return False
    if kind in _TGA_PALETTE:
        return has_palette == 1 and head[7] in _TGA_DEPTHS and depth in (8, 16)
    is_plain = has_palette == 1 or not any(head[3:8])
    return is_plain and depth in ({8, 16} if kind in _TGA_GREY else _TGA_DEPTHS)
