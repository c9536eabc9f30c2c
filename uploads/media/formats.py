"""The supported file formats: their names, and the functions that read them.

Some formats need a package that is not available for all systems. Without it, the format is unsupported, and error
messages name the package.
"""

from dataclasses import dataclass
from importlib.util import find_spec

from uploads.errors import PermanentError


@dataclass(frozen=True, slots=True)
class Format:
    """A file format. `name` is used in lists, and `plural` in messages.

    `reader` is the path of the function that reads a picture's header; it is blank for videos, which
    uploads.media.film reads. `package` is the optional package that is needed, if any, and `module` is a module of that
    package.
    """

    name: str
    plural: str
    reader: str
    package: str = ""
    module: str = ""

    def is_installed(self) -> bool:
        """Return whether the package that this format needs, if any, is installed."""
        return not self.module or find_spec(self.module) is not None


RAW_NAME = "raw photos"

_HEIF = ("uploads.media.heif:read_heif", "pillow-heif", "pillow_heif")
_RAW = ("uploads.media.raw:read_raw", "rawpy", "rawpy")
_RAW_NAMES = {
    "image/x-adobe-dng": "DNG raw photos",
    "image/x-canon-crw": "Canon raw photos (CRW)",
    "image/x-canon-cr2": "Canon raw photos (CR2)",
    "image/x-canon-cr3": "Canon raw photos (CR3)",
    "image/x-nikon-nef": "Nikon raw photos (NEF)",
    "image/x-sony-arw": "Sony raw photos (ARW)",
    "image/x-fuji-raf": "Fujifilm raw photos (RAF)",
    "image/x-olympus-orf": "Olympus raw photos (ORF)",
    "image/x-panasonic-rw2": "Panasonic raw photos (RW2)",
    "image/x-pentax-pef": "Pentax raw photos (PEF)",
    "image/x-samsung-srw": "Samsung raw photos (SRW)",
    "image/x-minolta-mrw": "Minolta raw photos (MRW)",
    "image/x-sigma-x3f": "Sigma raw photos (X3F)",
    "image/x-hasselblad-3fr": "Hasselblad raw photos (3FR)",
    "image/x-phaseone-iiq": "Phase One raw photos (IIQ)",
    "image/x-kodak-kdc": "Kodak raw photos (KDC and DCR)",
    "image/x-leaf-mos": "Leaf raw photos (MOS)",
    "image/x-mamiya-mef": "Mamiya raw photos (MEF)",
    "image/x-epson-erf": "Epson raw photos (ERF)",
}

_FILM = ("", "av", "av")
_FILM_NAMES = {
    "video/mp4": "MP4",
    "video/quicktime": "MOV",
    "video/3gpp": "3GP",
    "video/3gpp2": "3GP",
    "video/x-matroska": "MKV",
    "video/webm": "WebM",
    "video/x-msvideo": "AVI",
    "video/mp2t": "MPEG-TS",
}

FORMATS: dict[str, Format] = {
    "image/jpeg": Format("JPEG", "JPEG pictures", "uploads.media.jpeg:read_jpeg"),
    "image/png": Format("PNG", "PNG pictures", "uploads.media.image_header:read_png"),
    "image/webp": Format("WebP", "WebP pictures", "uploads.media.image_header:read_webp"),
    "image/gif": Format("GIF", "GIF pictures", "uploads.media.image_header:read_gif"),
    "image/heic": Format("HEIC", "HEIC photos", *_HEIF),
    "image/heif": Format("HEIF", "HEIF pictures", *_HEIF),
    "image/avif": Format("AVIF", "AVIF pictures", "uploads.media.avif:read_avif"),
    "image/tiff": Format("TIFF", "TIFF pictures", "uploads.media.tiff:read_tiff"),
    "image/bmp": Format("BMP", "BMP pictures", "uploads.media.bmp:read_bmp"),
    "image/x-icon": Format("ICO", "Icons", "uploads.media.icon:read_icon"),
    "image/jxl": Format("JPEG XL", "JPEG XL pictures", "uploads.media.jxl:read_jxl", "pillow-jxl-plugin", "pillow_jxl"),
    **{mime_type: Format(RAW_NAME, plural, *_RAW) for mime_type, plural in _RAW_NAMES.items()},
    **{mime_type: Format(name, f"{name} videos", *_FILM) for mime_type, name in _FILM_NAMES.items()},
}

SUPPORTED = frozenset(mime_type for mime_type, entry in FORMATS.items() if entry.is_installed())
VIDEOS = frozenset(mime_type for mime_type in SUPPORTED if mime_type in _FILM_NAMES)
PICTURES = SUPPORTED - VIDEOS

SUPPORTED_NAMES = list(dict.fromkeys(entry.name for mime_type, entry in FORMATS.items() if mime_type in SUPPORTED))
SUPPORTED_FORMATS = f"Supported formats: {', '.join(SUPPORTED_NAMES[:-1])} and {SUPPORTED_NAMES[-1]}."


def unsupported(kind: str) -> PermanentError:
    """Return the error for an unsupported file. `kind` is its English plural name, such as “PDF documents”."""
    return PermanentError("file.unsupported", kind=kind, formats=SUPPORTED_FORMATS)
