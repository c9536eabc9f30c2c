"""Download a model from a hub that uses huggingface.co's protocol, and record exactly what was downloaded."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from huggingface_hub import HfApi, snapshot_download

from uploads.analysis.clip.folder import RECORD, REQUIRED, TOKENIZER_CONFIG, missing_files, read_record

OWNER = "immich-app"


class Recommended(NamedTuple):
    """A recommended model. `memory` is the memory use of a process that has loaded both networks."""

    name: str
    download: str
    memory: str
    languages: str


RECOMMENDED = (
    Recommended("ViT-B-32__laion2b-s34b-b79k", "0.6 GB", "1.0 GB", "English"),
    Recommended("XLM-Roberta-Base-ViT-B-32__laion5b_s13b_b90k", "1.5 GB", "3.0 GB", "100 languages"),
    Recommended("ViT-B-16-SigLIP2__webli", "1.5 GB", "3.0 GB", "English best, 109 languages"),
)


class ModelError(Exception):
    """A model is incomplete, or does not match the hub or its record; the message says which files are affected."""


def fetch_model(repository: str, folder: Path, revision: str | None, endpoint: str | None = None) -> dict[str, Any]:
    """Download a model and return its record, which is also written to the folder.

    An interrupted download continues where it stopped. Without `revision`, a folder that has a record keeps its
    revision, and any other folder gets the newest revision. A repeated call without `revision` therefore never
    changes a model. Raises ModelError, OSError and the hub library's errors, whose messages can be shown to users.
    """
    api = HfApi(endpoint=endpoint, token=False)  # a stored token must not be sent to another hub
    wanted = revision or read_record(folder).get("revision")
    info = api.model_info(repository, revision=wanted, files_metadata=True)
    names = [name for name in (*REQUIRED, TOKENIZER_CONFIG) if name in {file.rfilename for file in info.siblings or ()}]
    if lacking := sorted(set(REQUIRED) - set(names)):
        raise ModelError(f"{repository} has no {', '.join(lacking)}")
    snapshot_download(
        repository, revision=info.sha, local_dir=folder, allow_patterns=names, endpoint=endpoint, token=False
    )
    sums = {name: sha256(folder / name) for name in names}
    for file in info.siblings or ():
        if file.lfs is not None and sums.get(file.rfilename, file.lfs.sha256) != file.lfs.sha256:
            (folder / file.rfilename).unlink()
            raise ModelError(f"{file.rfilename} is damaged and was removed. Run the command again")
    return write_record(folder, repository=repository, revision=info.sha, sha256=sums)


def check_model(folder: Path, calibrate: Callable[[], float]) -> dict[str, Any]:
    """Verify a model against its record, then record its checksums and the `hit_fit` that `calibrate` returns.

    Return the record. Raises ModelError.
    """
    if missing := missing_files(folder):
        raise ModelError(f"{folder} has no {', '.join(missing)}")
    recorded = read_record(folder).get("sha256", {})
    sums = {name: sha256(folder / name) for name in REQUIRED}
    if damaged := sorted(name for name in sums if recorded.get(name, sums[name]) != sums[name]):
        raise ModelError(f"{', '.join(damaged)} changed since the download")
    return write_record(folder, sha256={**recorded, **sums}, hit_fit=round(calibrate(), 3))


def write_record(folder: Path, **values: Any) -> dict[str, Any]:
    """Add `values` to the model's record, and return the record."""
    record = {**read_record(folder), **values}
    (folder / RECORD).write_text(json.dumps(record, indent=2) + "\n", "utf-8")
    return record


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
