"""The kinds of files, the sources of their dates, and the roles of parts."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from uploads.media.photo_time import DATE_ONLY
from uploads.media.sniff import ARCHIVES


class MediaKind(models.TextChoices):
    """Whether a file is a picture, a video or an archive. Archives are deleted once their files are imported."""

    IMAGE = "image", _("Picture")
    VIDEO = "video", _("Video")
    ARCHIVE = "archive", _("Archive")

    @classmethod
    def from_mime_type(cls, mime_type: str) -> "MediaKind":
        """Return the kind of files with this MIME type, which must be supported."""
        if mime_type in ARCHIVES:
            return cls.ARCHIVE
        return cls.VIDEO if mime_type.startswith("video/") else cls.IMAGE


class TakenSource(models.TextChoices):
    """Where the date of a picture or video comes from."""

    EXIF = "exif", _("EXIF data")
    EXIF_DATE = DATE_ONLY, _("EXIF data, without a time of day")
    GPS = "gps", _("GPS time")
    CONTAINER = "container", _("video data")
    SIDECAR = "sidecar", _("sidecar file")
    NAME = "name", _("file name")
    OWN = "own", _("set manually")


class PartRole(models.TextChoices):
    """How a part is related to its picture, for example as the video of a live photo."""

    LIVE = "live", _("Video of the live photo")
    RAW = "raw", _("RAW file")
    BURST = "burst", _("Picture from the same burst")
    ORIGINAL = "original", _("Unedited original")
