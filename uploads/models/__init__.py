"""The models of the library. An upload is one stored file of one owner, with the results of processing it."""

from uploads.models.album import Album, AlbumEntry, ShareLink, open_share_links
from uploads.models.appearance import Appearance, NearDuplicate
from uploads.models.choices import MediaKind, PartRole, TakenSource
from uploads.models.damaged_file import DamagedFile, DamageReason
from uploads.models.embedding import Embedding
from uploads.models.expressions import CLOCK, INSTANT, UNDATED, Folded
from uploads.models.library import all_library_pictures, defer_details, library_pictures, live_photos
from uploads.models.picture_edit import PictureEdit
from uploads.models.search_terms import SavedSearch, SearchTerm
from uploads.models.timeline_day import TimelineDay
from uploads.models.upload import TEXT_UNREAD, FileDeletion, Upload

__all__ = [
    "CLOCK",
    "INSTANT",
    "TEXT_UNREAD",
    "UNDATED",
    "Album",
    "AlbumEntry",
    "Appearance",
    "DamageReason",
    "DamagedFile",
    "Embedding",
    "FileDeletion",
    "Folded",
    "MediaKind",
    "NearDuplicate",
    "PartRole",
    "PictureEdit",
    "SavedSearch",
    "SearchTerm",
    "ShareLink",
    "TakenSource",
    "TimelineDay",
    "Upload",
    "all_library_pictures",
    "defer_details",
    "library_pictures",
    "live_photos",
    "open_share_links",
]
