"""Valid inputs from which the fuzzer starts, for formats whose structure it is unlikely to guess."""

import io
import json
import plistlib
import zipfile
from base64 import b64encode


def _zipped(*, prefix: bytes = b"", method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO(prefix)
    with zipfile.ZipFile(buffer, "a", method) as archive:
        archive.writestr("Takeout/a.jpg", b"a" * 60)
        archive.writestr("Straße/ü.json", b"{}")
        with archive.open("large.jpg", "w", force_zip64=True) as file:
            file.write(b"b" * 20)
    return buffer.getvalue()


def _creation(metadata: dict[str, str]) -> bytes:
    pairs = ",".join(f"{key} {b64encode(value.encode()).decode()}" for key, value in metadata.items())
    lines = ["Tus-Resumable: 1.0.0", "Upload-Length: 5", "Upload-Offset: 0", f"Upload-Metadata: {pairs}"]
    lines += ["Content-Type: application/offset+octet-stream", "Upload-Checksum: sha1 qvTGHdzF6KLavt4PO0gs2a6pQ00="]
    return "\n".join(lines).encode()


_XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:exif="http://ns.adobe.com/exif/1.0/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" exif:DateTimeOriginal="2019:05:14 20:35:12.25" exif:GPSLatitude="52,31.2N"
 exif:GPSLongitude="13,24.5W" xmp:Rating="4"><dc:subject><rdf:Bag><rdf:li>beach</rdf:li></rdf:Bag></dc:subject>
</rdf:Description></rdf:RDF></x:xmpmeta>"""
_PICTURE = {
    "title": "IMG_1.jpg",
    "description": "At the sea",
    "photoTakenTime": {"timestamp": "1557858912"},
    "geoData": {"latitude": 52.5, "longitude": 13.4},
    "favorited": True,
}
_EDITS = {"adjustmentFormatIdentifier": "com.apple.photo", "adjustmentData": b"x", "adjustmentTimestamp": 1.5}

SEEDS: dict[str, list[bytes]] = {
    "xmp": [_XMP.encode(), _XMP.encode("utf-16")],
    "takeout": [json.dumps(_PICTURE).encode(), json.dumps(_PICTURE).encode("utf-16")],
    "album": [b'{"title": "Sea"}', b'{"albumData": {"title": "Sea", "date": {}}}', b'{"title": ["Our trip"]}'],
    "aae": [plistlib.dumps(_EDITS), plistlib.dumps(_EDITS, fmt=plistlib.FMT_BINARY)],
    "apple": [
        b'imgName,favorite,hidden,originalCreationDate\r\nIMG_1.HEIC,yes,no,"Tuesday May 14,2019 8:35 PM GMT"\r\n',
        b"Images\r\nIMG_1.HEIC\r\n",
    ],
    "zip": [_zipped(), _zipped(method=zipfile.ZIP_STORED), _zipped(prefix=b"#!/bin/sh\n")],
    "tus": [
        _creation({"batch": "1", "filename": "a.jpg", "relative_path": "a/a.jpg", "last_modified": "1"}),
        _creation({"batch": "1", "filename": "ü"}).replace(b",filename", b",private,filename"),
    ],
}
