"""The folders of a camera and a scanner, other videos, copies, and files that cannot be imported."""

from datetime import datetime

from tests.support.camera_roll.encoders import Shot, android_film, exif_of, movie, picture, still
from tests.support.camera_roll.roll import Outcome, Roll, of_shot
from tests.support.images import encoded
from tests.support.raw_files import dng

XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4" '
    b'xmp:CreateDate="2024-07-01T18:30:05+02:00"/></rdf:RDF></x:xmpmeta>'
)


def add_camera(roll: Roll) -> None:
    """Add RAW files next to their JPEGs, and for each pair an XMP file that adds the time zone and a rating."""
    local = datetime(2024, 7, 1, 18, 30, 5)  # noqa: DTZ001 (what the generated RAW files contain)
    for number, _ in roll.shots(8):
        name, shot = f"DCIM/100CANON/DSC_{number:04}", Shot(local, 120)
        more = {"rating": 4}
        roll.add(
            f"{name}.JPG",
            still("JPEG", number, exif_of(Shot(local)), roll.size),
            of_shot(shot, "sidecar", more=more),
        )
        image = picture(number, roll.size)
        raw = of_shot(shot, "sidecar", part=(f"{name}.JPG", "raw"), more=more)
        roll.add(f"{name}.DNG", dng(image, preview=image), raw)
        roll.add(f"{name}.xmp", XMP, Outcome("sidecar", of=f"{name}.JPG"))


def add_other_formats(roll: Roll) -> None:
    """Add less common formats."""
    for kind, ending in (("TIFF", "tif"), ("WEBP", "webp"), ("AVIF", "avif"), ("PNG", "png"), ("JXL", "jxl")):
        for number, shot in roll.shots(3):
            roll.add(f"Scans/{number}.{ending}", still(kind, number, exif_of(shot), roll.size), of_shot(shot))
    for kind in ("GIF", "BMP"):
        for number, _ in roll.shots(3):
            roll.add(f"Scans/{number}.{kind.lower()}", still(kind, number, size=roll.size), Outcome())


def add_other_films(roll: Roll) -> None:
    """Add videos in other container formats, whose recording time is in UTC, in local time, or missing."""
    for container, ending in (("matroska", "mkv"), ("webm", "webm")):
        for number, shot in roll.shots(3):
            at = Shot(shot.taken_at.replace(tzinfo=None), 0)
            data = android_film(container, number, at, roll.size)
            roll.add(f"Films/{number}.{ending}", data, of_shot(at, "container"))
    for number, shot in roll.shots(2, zone=False, place=False):
        data = movie("avi", number, {"date": f"{shot.local:%Y-%m-%d %H:%M:%S}"}, roll.size)
        roll.add(f"Films/{number}.avi", data, of_shot(shot, "container"))
    for number, shot in roll.shots(2, zone=False, place=False):
        path = f"Films/{shot.local:%Y%m%d%H%M%S}.mts"
        roll.add(path, movie("mpegts", number, {}, roll.size), of_shot(shot, "name"))


def add_odd_files(roll: Roll) -> None:
    """Add system files, copies, and files that cannot be imported."""
    for path in ("DCIM/.DS_Store", "DCIM/100APPLE/._IMG_0001.HEIC", "DCIM/Camera/.trashed-1699999999-IMG_1.jpg",
                 "DCIM/@eaDir/IMG_0001.HEIC/THUMB.jpg", "Scans/Thumbs.db", "Scans/desktop.ini",
                 "DCIM/.thumbnails/1.jpg", "Scans/.picasaoriginals/1.jpg"):  # fmt: skip
        roll.add(path, b"junk " + path.encode(), Outcome("ignored.junk"))
    roll.add("Scans/.hidden.jpg", b"hidden", Outcome("ignored.hidden"))
    roll.add("Scans/empty.jpg", b"", Outcome("ignored.empty"))
    originals = [path for path in roll.files if path.startswith("DCIM/Camera/IMG_2")][:5]
    for path in originals:
        # Sorted by path, the copies come first, so the "originals" are the duplicates.
        roll.add(path.replace("DCIM/Camera", "Backup"), roll.files[path], roll.expected[path])
        roll.expected[path] = Outcome("duplicate", of=path.replace("DCIM/Camera", "Backup"))
    jpeg = encoded(picture(1, (320, 240)), "JPEG")
    roll.add("Scans/cut.jpg", jpeg[: len(jpeg) // 2], Outcome("image.truncated"))
    roll.add("Scans/page.jpg", b"<!DOCTYPE html><title>Not found</title>", Outcome("file.unsupported"))
    roll.add("Scans/notes.txt", b"Buy film.", Outcome("file.unsupported"))
