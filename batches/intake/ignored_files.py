"""Decide which files are deliberately left out. The upload page, `manage.py ingest` and archives use the same rules.

The page receives the patterns and applies them in the same way (static/upload/ignored_files.js).
"""

import re

from uploads.sidecars.folders import FOLDER_PATTERNS

JUNK_FILE = "|".join(
    (
        # Created by operating systems: macOS, Windows, Android, Linux.
        r"\.DS_Store|\.localized|\._.*|Icon\r|Thumbs\.db|ehthumbs(_vista)?\.db|desktop\.ini|\.nomedia|\.directory",
        # Deleted and unfinished pictures in Android's camera folder.
        r"\.trashed-.*|\.pending-.*",
        # Created by Picasa and Adobe Bridge.
        r"\.?picasa\.ini|\.BridgeCache.*",
    )
)
"""A regular expression that matches the full names of files that are never the user's photos."""
JUNK_FOLDER = "|".join(
    (
        r"__MACOSX|\.AppleDouble|\.Spotlight-V100|\.Trashes|\.fseventsd|\.TemporaryItems|\.DocumentRevisions-V100",
        r"\$RECYCLE\.BIN|RECYCLER|System Volume Information|\.Trash|\.Trash-\d+|lost\+found",
        # Created by network storage devices: Synology, QNAP.
        r"@eaDir|#recycle|#snapshot|@Recycle|@Recently-Snapshot|\.@__thumb|@tmp",
        # Copies that other programs keep: thumbnails, Picasa's originals, Syncthing's versions.
        r"\.thumbnails|\.thumbs|\.picasaoriginals|\.stversions|\.stfolder",
    )
)
"""A regular expression that matches the full names of folders that never contain the user's photos."""
_OTHER_EXPORT_DATA = "|".join(
    (
        # E-mails, tables, contacts, calendars, fitness activities.
        r"\.(?:mbox|csv|vcf|ics|tcx)",
        # Files that are often too large for sidecars. Smaller ones are recognised by their content.
        r"/(?:records|myactivity|watch-history|search-history|hangouts)\.json",
    )
)
EXPORT_FILE = (
    # The index page of Google Takeout, whose name is translated.
    r"(?:.*/)?(?:takeout[^/]*/[^/]+\.html|archive_browser\.html"
    # Account data of Google Photos. If the names are translated, only the content shows what the files are.
    r"|print-subscriptions\.json|shared_album_comments\.json|user-generated-memory-titles\.json)"
    # Data of other Google services. The end of the path is checked first, so that matching takes linear time.
    rf"|(?=.*(?:{_OTHER_EXPORT_DATA})$)(?:.*/)?(?:{FOLDER_PATTERNS['takeout_part']}|{FOLDER_PATTERNS['takeout_root']})/.+"
)
"""A regular expression that matches the paths of files in Google's exports that are left out."""
_JUNK_FILE = re.compile(JUNK_FILE, re.IGNORECASE | re.DOTALL)
_JUNK_FOLDER = re.compile(JUNK_FOLDER, re.IGNORECASE)
_EXPORT_FILE = re.compile(EXPORT_FILE, re.IGNORECASE | re.DOTALL)


def ignored_code(path: str, size: int) -> str:
    """Return the error code of a file that is left out, or "" for a file that is imported.

    The first component of the path never counts as hidden, because the user chose it.
    """
    *folders, name = path.split("/")
    if is_junk(path):
        return "ignored.junk"
    if _EXPORT_FILE.fullmatch(path):
        return "ignored.export"
    if any(part.startswith(".") for part in [*folders, name][1:]):
        return "ignored.hidden"
    return "" if size else "ignored.empty"


def is_junk(path: str) -> bool:
    """Return whether the file, or a folder that contains it, belongs to an operating system or another program."""
    *folders, name = path.split("/")
    return bool(_JUNK_FILE.fullmatch(name)) or any(_JUNK_FOLDER.fullmatch(folder) for folder in folders)
