"""Encode the pictures and videos of a generated camera roll, with the dates, zones and places that cameras write."""

import functools
import io
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pillow_heif
import pillow_jxl.JpegXLImagePlugin  # noqa: F401 (registers the format for encoding)
from PIL import ExifTags, Image

from tests.support.films import film
from tests.support.images import SAMPLES, encoded

SIZE = (96, 72)
_BASE, _GPS = ExifTags.Base, ExifTags.GPS
_NAMES = ("astronaut", "chelsea", "coffee", "hubble_deep_field", "rocket")
_APPLE = "com.apple.quicktime."


@dataclass(frozen=True)
class Shot:
    """When and where a picture was taken: local time, offset from UTC in minutes, and coordinates in degrees.

    `offset` is None if the file does not contain the time zone.
    """

    local: datetime
    offset: int | None = None
    place: tuple[float, float] | None = None

    @property
    def taken_at(self) -> datetime:
        """The time in UTC. If the zone is unknown, the local time counts as UTC."""
        return self.local.replace(tzinfo=UTC) - timedelta(minutes=self.offset or 0)

    @property
    def zone(self) -> str:
        """The zone as EXIF writes it, such as “+02:00”."""
        hours, minutes = divmod(abs(self.offset or 0), 60)
        return f"{'-' if (self.offset or 0) < 0 else '+'}{hours:02}:{minutes:02}"


@functools.cache
def _sample(name: str) -> Image.Image:
    return Image.open(SAMPLES / f"{name}.jpg").convert("RGB")


def picture(number: int, size: tuple[int, int] = SIZE) -> Image.Image:
    """Return picture number `number`: a section of a sample photo. Nearby numbers give different pictures."""
    sample = _sample(_NAMES[number % len(_NAMES)])
    width, height = sample.width * 3 // 4, sample.height * 3 // 4
    left, top = number * 7 % (sample.width - width), number * 3 % (sample.height - height)
    return sample.crop((left, top, left + width, top + height)).resize(size)


def exif_of(shot: Shot, *, gps_clock: bool = False, note: bytes = b"") -> bytes:
    """Return EXIF data. With `gps_clock`, only the GPS time reveals the time zone. `note` is the maker note."""
    exif = Image.Exif()
    exif[_BASE.Make], exif[_BASE.Model] = "Maker", "Model 7"
    details = exif.get_ifd(ExifTags.IFD.Exif)
    details[_BASE.DateTimeOriginal] = shot.local.strftime("%Y:%m:%d %H:%M:%S")
    if shot.offset is not None and not gps_clock:
        details[_BASE.OffsetTimeOriginal] = shot.zone
    if note:
        details[_BASE.MakerNote] = note
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    if shot.place:
        gps[_GPS.GPSLatitudeRef], gps[_GPS.GPSLatitude] = "NS"[shot.place[0] < 0], _degrees(shot.place[0])
        gps[_GPS.GPSLongitudeRef], gps[_GPS.GPSLongitude] = "EW"[shot.place[1] < 0], _degrees(shot.place[1])
    if gps_clock:
        at = shot.taken_at
        gps[_GPS.GPSDateStamp] = at.strftime("%Y:%m:%d")
        gps[_GPS.GPSTimeStamp] = (float(at.hour), float(at.minute), float(at.second))
    return exif.tobytes()


def _degrees(value: float) -> tuple[float, float, float]:
    return float(int(abs(value))), (abs(value) % 1) * 60, 0.0


def apple_note(tag: int, identifier: str) -> bytes:
    """Return Apple's maker note with the identifier of a burst (tag 0x0B) or of a live photo (tag 0x11)."""
    text = identifier.encode() + b"\0"
    entry = struct.pack(">HHLL", tag, 2, len(text), 16 + 12 + 4)
    return b"Apple iOS\0\0\x01MM\0\x01" + entry + bytes(4) + text


def still(kind: str, number: int, exif: bytes = b"", size: tuple[int, int] = SIZE) -> bytes:
    """Return a picture in HEIC or in a format that Pillow writes."""
    image = picture(number, size)
    options = {"exif": exif} if exif else {}
    if kind == "HEIC":
        buffer = io.BytesIO()
        pillow_heif.from_pillow(image).save(buffer, quality=60, **options)
        return buffer.getvalue()
    if kind == "AVIF":
        options["speed"] = 10  # type: ignore[assignment]
    return encoded(image, kind, **options)


def apple_film(number: int, shot: Shot, identifier: str = "", size: tuple[int, int] = SIZE) -> bytes:
    """Return a MOV like those of an iPhone. `identifier` links it to a live photo."""
    tags = {_APPLE + "creationdate": shot.local.isoformat() + shot.zone.replace(":", "")}
    if shot.place:
        tags[_APPLE + "location.ISO6709"] = _iso6709(shot.place)
    if identifier:
        tags[_APPLE + "content.identifier"] = identifier
    return movie("mov", number, tags, size, options={"movflags": "use_metadata_tags"})


def android_film(container: str, number: int, shot: Shot, size: tuple[int, int] = SIZE) -> bytes:
    """Return a video whose header contains the UTC time, and the place if there is one."""
    tags = {"creation_time": shot.taken_at.strftime("%Y-%m-%dT%H:%M:%SZ")}
    if shot.place:
        tags["location"] = _iso6709(shot.place)
    return movie(container, number, tags, size)


def movie(
    container: str,
    number: int,
    tags: dict[str, str],
    size: tuple[int, int] = SIZE,
    options: dict[str, str] | None = None,
) -> bytes:
    """Return a two-second video with the metadata `tags`."""
    codec = {"webm": "libvpx", "avi": "mjpeg", "mpegts": "mpeg2video"}.get(container, "libx264")
    rate = 25 if codec == "mpeg2video" else 2
    pictures = tuple(picture(number + step * 5, size) for step in (0, 1))
    frames = tuple(pictures[index * 2 // (2 * rate)] for index in range(2 * rate))
    return film(container, codec=codec, rate=rate, pictures=frames, tags=tags, options=options or {})


def _iso6709(place: tuple[float, float]) -> str:
    return f"{place[0]:+08.4f}{place[1]:+09.4f}/"
