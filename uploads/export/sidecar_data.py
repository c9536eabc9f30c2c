"""Export what the library knows about a picture as JSON and as XMP (ISO 16684-1), which other programs can read."""

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from xml.etree import ElementTree as ET

from uploads.models import Upload
from uploads.sidecars.own_edits import EDITS

_NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "x": "adobe:ns:meta/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
}
_PACKET = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n{}\n<?xpacket end="w"?>\n'
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
for _prefix, _uri in _NAMESPACES.items():
    ET.register_namespace(_prefix, _uri)


def as_json(upload: Upload) -> bytes:
    """Return what the library knows about a picture, as JSON.

    The owner's edits and the values of imported sidecars are also listed separately.
    """
    taken = taken_time(upload)
    sidecars = {kind: values for kind, values in upload.sidecars.items() if kind != EDITS}
    content = {
        "file": {"name": upload.filename, "sha256": upload.sha256, "bytes": upload.size, "type": upload.mime_type},
        "kind": upload.kind,
        "width": upload.width,
        "height": upload.height,
        "duration": upload.duration,
        "taken": {"time": taken, "utc_offset_minutes": upload.utc_offset, "source": upload.taken_source},
        "location": {"latitude": upload.latitude, "longitude": upload.longitude, "place": upload.place},
        "camera": upload.camera,
        "title": upload.title,
        "caption": upload.caption,
        "description": {"text": upload.description, "edited": upload.description_edited},
        "text": upload.text_found,
        "labels": upload.labels,
        "keywords": upload.keywords,
        "albums": upload.albums,
        "rating": upload.rating,
        "favourite": upload.favourite,
        "archived": upload.archived,
        "part_of": {"sha256": upload.part_of.sha256, "role": upload.part_role} if upload.part_of else None,
        "edits": upload.sidecars.get(EDITS, {}),
        "sidecars": sidecars,
        "metadata": upload.metadata,
        "added_at": upload.created_at.isoformat(),
    }
    return json.dumps(content, ensure_ascii=False, indent=1).encode()


def as_xmp(upload: Upload) -> bytes:
    """Return an XMP packet with title, caption or description, keywords, labels, rating, date, position and place."""
    root = ET.Element(_name("x:xmpmeta"))
    about = ET.SubElement(ET.SubElement(root, _name("rdf:RDF")), _name("rdf:Description"), {_name("rdf:about"): ""})
    _add_array(about, "dc:title", "rdf:Alt", [upload.title])
    _add_array(about, "dc:description", "rdf:Alt", [upload.caption or upload.description])
    keywords = [*upload.keywords, *(label["name"] for label in upload.labels)]
    _add_array(about, "dc:subject", "rdf:Bag", list(dict.fromkeys(keywords)))
    for name, value in _simple_properties(upload).items():
        if value:
            ET.SubElement(about, _name(name)).text = _xml_text(value)
    ET.indent(root, " ")
    return _PACKET.format(ET.tostring(root, encoding="unicode")).encode()


def taken_time(upload: Upload) -> str | None:
    """Return the camera's local time in ISO 8601, with the time zone if it is known."""
    if upload.camera_time is None:
        return None
    if upload.utc_offset is None:
        return upload.camera_time.isoformat()
    return _with_zone(upload.camera_time, upload.utc_offset).isoformat()


def _with_zone(clock: datetime, minutes: int) -> datetime:
    return clock.replace(tzinfo=timezone(timedelta(minutes=minutes)) if minutes else UTC)


def _simple_properties(upload: Upload) -> dict[str, str]:
    city, _comma, country = upload.place.rpartition(", ")
    time = taken_time(upload) or ""
    return {
        "xmp:Rating": "" if upload.rating is None else str(upload.rating),
        "exif:DateTimeOriginal": time,
        "photoshop:DateCreated": time,
        "exif:GPSLatitude": _degrees(upload.latitude, "NS"),
        "exif:GPSLongitude": _degrees(upload.longitude, "EW"),
        "photoshop:City": city or upload.place,
        "photoshop:Country": country if city else "",
    }


def _degrees(value: float | None, hemispheres: str) -> str:
    """Return a coordinate in XMP's GPSCoordinate format, such as “52,31.234500N”."""
    if value is None:
        return ""
    degrees, minutes = divmod(round(abs(value) * 60, 6), 60)
    return f"{degrees:.0f},{minutes:.6f}{hemispheres[value < 0]}"


def _add_array(parent: ET.Element, name: str, container: str, values: list[str]) -> None:
    values = [value for value in values if value]
    if not values:
        return
    array = ET.SubElement(ET.SubElement(parent, _name(name)), _name(container))
    language = {"{http://www.w3.org/XML/1998/namespace}lang": "x-default"} if container == "rdf:Alt" else {}
    for value in values:
        ET.SubElement(array, _name("rdf:li"), language).text = _xml_text(value)


def _name(prefixed: str) -> str:
    prefix, _colon, local = prefixed.partition(":")
    return f"{{{_NAMESPACES[prefix]}}}{local}"


def _xml_text(text: str) -> str:
    return _NOT_IN_XML.sub("", text)
