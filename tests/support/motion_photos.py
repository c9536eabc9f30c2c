"""Generate motion photos, which are pictures with a video inside, in the formats of several phone makers."""

import struct

from PIL import Image

from tests.support.films import film
from tests.support.images import encoded, textured

_XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:GCamera="http://ns.google.com/photos/1.0/camera/" '
    'xmlns:Container="http://ns.google.com/photos/1.0/container/" '
    'xmlns:Item="http://ns.google.com/photos/1.0/container/item/" {}</rdf:Description></rdf:RDF></x:xmpmeta>'
)


def still(xmp: str = "") -> bytes:
    """Return a JPEG with this XMP."""
    return encoded(textured(120, 80), "JPEG", **({"xmp": xmp.encode()} if xmp else {}))


def micro_video(video: bytes) -> bytes:
    """Return a motion photo like those of Pixel phones until 2019."""
    return still(_XMP.format(f'GCamera:MicroVideo="1" GCamera:MicroVideoOffset="{len(video)}">')) + video


def container_items(video: bytes, behind: bytes = b"") -> bytes:
    """Return a motion photo like those of newer Pixel phones: still, gain map of 10 bytes, video, then `behind`."""
    items = (
        ("Primary", 0),
        ("GainMap", 10),
        ("MotionPhoto", len(video)),
        *([("Depth", len(behind))] if behind else []),
    )
    directory = "".join(
        f'<rdf:li rdf:parseType="Resource"><Container:Item Item:Mime="x" Item:Semantic="{semantic}" '
        f'Item:Length="{length}" Item:Padding="0"/></rdf:li>'
        for semantic, length in items
    )
    xmp = f'GCamera:MotionPhoto="1"><Container:Directory><rdf:Seq>{directory}</rdf:Seq></Container:Directory>'
    return still(_XMP.format(xmp)) + bytes(10) + video + behind


def samsung(video: bytes) -> bytes:
    """Return a motion photo like those of Samsung phones, whose trailer has another entry before the video."""
    entries = [(0x0A01, b"Image_UTC_Data", b"1719835200000"), (0x0A30, b"MotionPhoto_Data", video)]
    blocks = [struct.pack("<HHI", 0, kind, len(name)) + name + content for kind, name, content in entries]
    index = b"SEFH" + struct.pack("<II", 107, len(entries))
    for number, (kind, _, _) in enumerate(entries):
        distance = sum(len(block) for block in blocks[number:])
        index += struct.pack("<HHII", 0, kind, distance, len(blocks[number]))
    return still() + b"".join(blocks) + index + struct.pack("<I", len(index)) + b"SEFT"


def heic_like(video: bytes) -> bytes:
    """Return boxes like those of a HEIC motion photo. The `meta` box is a dummy; the video box holds a real video."""
    boxes = ((b"ftyp", b"heic" + bytes(4) + b"mif1heic"), (b"meta", bytes(40)), (b"mpvd", video))
    return b"".join(struct.pack(">I", len(body) + 8) + kind + body for kind, body in boxes)


VIDEO = film(frames=2, pictures=(Image.new("RGB", (64, 48), "red"),) * 2)
