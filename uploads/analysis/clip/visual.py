"""Compute the vectors of pictures with a CLIP model."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from PIL import Image

from uploads.analysis.base import PictureVector
from uploads.analysis.clip.folder import PREPROCESS, VISUAL, read_folder, read_json, unusable
from uploads.analysis.clip.model import ClipModel, normalize
from uploads.analysis.model_files import Floats

_INTERPOLATIONS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


class Preprocessing:
    """Turns pictures into the model's input, as specified by `preprocess_cfg.json`."""

    def __init__(self, config: dict[str, Any]) -> None:
        """Read the configuration. Raises KeyError, TypeError or ValueError if it is invalid."""
        size = config["size"]
        height, width = size if isinstance(size, list) else (size, size)
        self._size = int(width), int(height)
        self._mean, self._std = (np.float32(config[name]).reshape(3, 1, 1) for name in ("mean", "std"))
        self._resampling = _INTERPOLATIONS[config.get("interpolation", "bicubic")]
        self._mode = config.get("resize_mode", "shortest")
        if self._mode not in ("shortest", "squash"):
            raise ValueError(f"unknown resize_mode {self._mode}")

    def __call__(self, image: Image.Image) -> Floats:
        """Return the RGB picture `image` as an array of shape (1, 3, height, width)."""
        resized = image.resize(self._size, self._resampling) if self._mode == "squash" else self._cropped(image)
        pixels = np.asarray(resized, np.float32).transpose(2, 0, 1) / 255
        normalized: Floats = ((pixels - self._mean) / self._std).astype(np.float32)
        return normalized[None]

    def _cropped(self, image: Image.Image) -> Image.Image:
        """Scale the picture so that it covers the input size, then cut out its centre."""
        width, height = self._size
        scale = max(width / image.width, height / image.height)
        scaled = max(width, int(image.width * scale)), max(height, int(image.height * scale))
        left, top = round((scaled[0] - width) / 2), round((scaled[1] - height) / 2)
        return image.resize(scaled, self._resampling).crop((left, top, left + width, top + height))


class ClipEmbedder:
    """An ImageEmbedder for the model at `path`, by default VUEMANTICS_CLIP_MODEL.

    The constructor raises EnvironmentalError `clip.folder`.
    """

    name = "clip"
    computes = True

    def __init__(self, path: Path | None = None) -> None:
        self._folder = read_folder(path or settings.CLIP_MODEL)
        try:
            self._preprocess = Preprocessing(read_json(self._folder.path / PREPROCESS))
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise unusable(f"{self._folder.path.name}/{PREPROCESS}: {error}") from error
        self._model = ClipModel(self._folder, VISUAL, self._preprocess(Image.new("RGB", (64, 64))))

    def embed_images(self, frames: Sequence[Image.Image]) -> PictureVector:
        """See ImageEmbedder.embed_images."""
        vectors = [self._model.run(self._preprocess(frame)) for frame in frames]
        return PictureVector(self._folder.model, normalize(np.mean(vectors, axis=0)), self._folder.dimensions)
