"""Download the packages whose pictures are used to train the probe, and read pictures from them."""

import csv
import hashlib
import io
import subprocess
import tarfile
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pypdfium2
from PIL import Image

_TABLE = Path(__file__).with_name("packages.tsv")
_PDF_DOTS_PER_INCH = 110


@dataclass(frozen=True, slots=True)
class Package:
    """A Debian or npm package (`registry`: "debian" or "npm"). `sha256` is the checksum of its archive."""

    name: str
    registry: str
    version: str
    licence: str
    sha256: str


def read_packages() -> list[Package]:
    with _TABLE.open(newline="") as file:
        return [Package(*row) for row in csv.reader(file, delimiter="\t")]


def fetch(folder: Path) -> None:
    """Download and unpack missing packages into `folder`. Raises ValueError if a checksum differs."""
    folder.mkdir(parents=True, exist_ok=True)
    for package in read_packages():
        target = folder / package.name
        if target.exists():
            continue
        archive = _download(folder, package)
        digest = hashlib.sha256(archive.read_bytes()).hexdigest()
        if digest != package.sha256:
            raise ValueError(f"{archive.name} does not have the expected checksum, but {digest}.")
        target.mkdir(parents=True)
        if package.registry == "debian":
            subprocess.run(["dpkg-deb", "--extract", archive, target], check=True)
        else:
            with tarfile.open(archive) as files:
                files.extractall(target, filter="data")
        archive.unlink()


def _download(folder: Path, package: Package) -> Path:
    name = package.name.lstrip("@").replace("/", "-")
    if package.registry == "debian":
        subprocess.run(["apt-get", "download", f"{name}={package.version}"], cwd=folder, check=True)
        return next(folder.glob(f"{name}_*.deb"))
    subprocess.run(["npm", "pack", "--silent", f"{package.name}@{package.version}"], cwd=folder, check=True)
    return next(folder.glob(f"{name}-{package.version}.tgz"))


def open_picture(folder: Path, package: str, path: str) -> Image.Image:
    """Return the RGB picture at `path` in an unpacked package, on white if it is transparent.

    "file.rcc!path" is a file in a Qt resource file. "file.pdf#3" is the fourth page of a document, or its
    last page if it has fewer.
    """
    if "#" in path:
        return _render_page(folder / package / path.rpartition("#")[0], int(path.rpartition("#")[2]))
    outer, _, inner = path.partition("!")
    data = _read_resources(folder / package / outer)[inner] if inner else (folder / package / outer).read_bytes()
    with Image.open(io.BytesIO(data)) as image:
        if image.mode == "RGB":
            return image.copy()
        layers = image.convert("RGBA")
    page = Image.new("RGBA", layers.size, "white")
    page.alpha_composite(layers)
    return page.convert("RGB")


def _render_page(path: Path, number: int) -> Image.Image:
    document = pypdfium2.PdfDocument(path)
    page = document[min(number, len(document) - 1)]
    image: Image.Image = page.render(scale=_PDF_DOTS_PER_INCH / 72).to_pil().convert("RGB")
    return image


@lru_cache(2)
def _read_resources(path: Path) -> dict[str, bytes]:
    """Return the files in a Qt resource file, keyed by path; see qtbase, src/corelib/io/qresource.cpp."""
    data = path.read_bytes()
    version, tree, contents, names = (int.from_bytes(data[i : i + 4], "big") for i in (4, 8, 12, 16))
    size = 14 if version < 2 else 22
    files: dict[str, bytes] = {}
    pending = [(0, "")]
    while pending:
        row, parent = pending.pop()
        entry = data[tree + row * size : tree + (row + 1) * size]
        flags = int.from_bytes(entry[4:6], "big")
        if flags & 2:
            count, first = (int.from_bytes(entry[i : i + 4], "big") for i in (6, 10))
            folder = f"{parent}{_name(data, names, entry)}/" if row else ""
            pending += [(child, folder) for child in range(first, first + count)]
        else:
            start = contents + int.from_bytes(entry[10:14], "big")
            content = data[start + 4 : start + 4 + int.from_bytes(data[start : start + 4], "big")]
            files[parent + _name(data, names, entry)] = zlib.decompress(content[4:]) if flags & 1 else content
    return files


def _name(data: bytes, names: int, entry: bytes) -> str:
    start = names + int.from_bytes(entry[:4], "big")
    length = int.from_bytes(data[start : start + 2], "big")
    return data[start + 6 : start + 6 + 2 * length].decode("utf-16-be")
