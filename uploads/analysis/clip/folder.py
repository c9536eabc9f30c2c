"""Read a model's folder, in the layout of the models that Immich publishes (huggingface.co/immich-app).

config.json                     OpenCLIP's configuration: embed_dim, text_cfg
visual/model.onnx               picture → vector
visual/preprocess_cfg.json      size, mean, std, interpolation, resize_mode
textual/model.onnx              tokens → vector
textual/tokenizer.json          and optionally tokenizer_config.json, which names the padding token
vuemantics.json                 optional: what fetch_model recorded
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from uploads.errors import EnvironmentalError

CONFIG, PREPROCESS = "config.json", "visual/preprocess_cfg.json"
VISUAL, TEXTUAL, TOKENIZER = "visual/model.onnx", "textual/model.onnx", "textual/tokenizer.json"
TOKENIZER_CONFIG, RECORD = "textual/tokenizer_config.json", "vuemantics.json"
REQUIRED = (CONFIG, VISUAL, PREPROCESS, TEXTUAL, TOKENIZER)
_CONTEXT = 77
_HIT_FIT = 0.24


@dataclass(frozen=True, slots=True)
class ClipFolder:
    """A model's folder and configuration. `model` is the model's name and version.

    `context` is the length of a text in tokens. `canonicalize` is as in textual.clean(). `hit_fit` is the cosine above
    which a picture matches a query.
    """

    path: Path
    model: str
    dimensions: int
    context: int
    canonicalize: bool
    hit_fit: float


def missing_files(path: Path) -> list[str]:
    """Return the names of the required files that are missing from the model's folder `path`."""
    return [name for name in REQUIRED if not (path / name).is_file()]


def read_folder(path: Path | None) -> ClipFolder:
    """Read a model's folder. Raises EnvironmentalError `clip.folder`."""
    if path is None:
        raise unusable("VUEMANTICS_CLIP_MODEL is not set")
    if missing := missing_files(path):
        raise unusable(f"{path.name} has no {', '.join(missing)}")
    try:
        config = read_json(path / CONFIG)
        text = config.get("text_cfg", {})
        return ClipFolder(
            path=path,
            model=f"clip:{path.name[:80]}@{_version(path)}",
            dimensions=int(config["embed_dim"]),
            context=int(text.get("context_length", _CONTEXT)),
            canonicalize=(text.get("tokenizer_kwargs") or {}).get("clean") == "canonicalize",
            hit_fit=float(read_record(path).get("hit_fit", _HIT_FIT)),
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise unusable(f"{path.name}/{CONFIG} cannot be read") from error


def read_record(path: Path) -> dict[str, Any]:
    """Return what fetch_model recorded about a model, or an empty dict if the model was copied by hand."""
    return read_json(path / RECORD) if (path / RECORD).exists() else {}


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object. Raises OSError and ValueError."""
    found = json.loads(path.read_text("utf-8"))
    if not isinstance(found, dict):
        raise ValueError(f"{path.name} is not an object")
    return found


def unusable(problem: str) -> EnvironmentalError:
    """Return the error for a model that cannot be used."""
    return EnvironmentalError("clip.folder", problem=problem)


def _version(path: Path) -> str:
    """Return a short hash of the configuration and the networks' file sizes. Hashing the networks takes a second."""
    digest = hashlib.sha256()
    for name in (CONFIG, PREPROCESS):
        digest.update((path / name).read_bytes())
    for name in (VISUAL, TEXTUAL):
        digest.update(f"{name} {(path / name).stat().st_size}".encode())
    return digest.hexdigest()[:8]
