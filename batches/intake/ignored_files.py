"""Which files are left out on purpose, whether the upload page, `manage.py ingest` or an archive finds them.

The page gets the two patterns and applies them in the same way (static/upload/ignored_files.js).
"""

import re

JUNK_FILE = "|".join(
    (
        # Systems: macOS, Windows, Android, Linux.
        r"\.DS_Store|\.localized|\._.*|Icon\r|Thumbs\.db|ehthumbs(_vista)?\.db|desktop\.ini|\.nomedia|\.directory",
        # Deleted and unfinished pictures in Android's camera folder.
        r"\.trashed-.*|\.pending-.*",
        # Picasa, Adobe Bridge, and the index page of Google Takeout.
        r"\.?picasa\.ini|\.BridgeCache.*|archive_browser\.html",
    )
)
"""Names of files that are never photos of the user, as one regular expression for the whole name."""
JUNK_FOLDER = "|".join(
    (
        r"__MACOSX|\.AppleDouble|\.Spotlight-V100|\.Trashes|\.fseventsd|\.TemporaryItems|\.DocumentRevisions-V100",
        r"\$RECYCLE\.BIN|RECYCLER|System Volume Information|\.Trash|\.Trash-\d+|lost\+found",
        # Synology and QNAP.
        r"@eaDir|#recycle|#snapshot|@Recycle|@Recently-Snapshot|\.@__thumb|@tmp",
        # Copies that other programs keep: thumbnails, Picasa's originals, versions of Syncthing.
        r"\.thumbnails|\.thumbs|\.picasaoriginals|\.stversions|\.stfolder",
    )
)
"""Names of folders whose files are never photos of the user, as one regular expression for the whole name."""
_JUNK_FILE = re.compile(JUNK_FILE, re.IGNORECASE | re.DOTALL)
_JUNK_FOLDER = re.compile(JUNK_FOLDER, re.IGNORECASE)


def ignored_code(path: str, size: int) -> str:
    """Return the code of the reason for leaving out a file; blank if the file is to be imported.

    The first part of the path is what the user chose, so it is never hidden.
    """
    *folders, name = path.split("/")
    if is_junk(path):
        return "ignored.junk"
    if any(part.startswith(".") for part in [*folders, name][1:]):
        return "ignored.hidden"
    return "" if size else "ignored.empty"


def is_junk(path: str) -> bool:
    """Return whether the file, or a folder that contains it, belongs to a system or another program."""
    *folders, name = path.split("/")
    return bool(_JUNK_FILE.fullmatch(name)) or any(_JUNK_FOLDER.fullmatch(folder) for folder in folders)
