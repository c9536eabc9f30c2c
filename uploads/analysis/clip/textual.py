"""Compute the vectors of search queries with a CLIP model."""

import string
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from django.conf import settings
from tokenizers import Encoding, Tokenizer

from uploads.analysis.base import QueryVector
from uploads.analysis.clip.folder import (
    TEXTUAL,
    TOKENIZER,
    TOKENIZER_CONFIG,
    ClipFolder,
    read_folder,
    read_json,
    unusable,
)
from uploads.analysis.clip.model import ClipModel

_CACHED_QUERIES = 500
_PADDING_TOKENS = ("<pad>", "[PAD]", "<|endoftext|>")


class ClipQueries:
    """A QueryEncoder whose vectors can be compared with those of ClipEmbedder.

    The textual network is loaded on the first query.

    The constructor and embed_query() raise EnvironmentalError `clip.folder` if the model folder is unusable.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._folder = read_folder(path or settings.CLIP_MODEL)
        self.model, self.hit_fit = self._folder.model, self._folder.hit_fit
        self.embed_query = lru_cache(_CACHED_QUERIES)(self._embed)

    @cached_property
    def _network(self) -> tuple[Tokenizer, ClipModel]:
        tokenizer = load_tokenizer(self._folder)
        return tokenizer, ClipModel(self._folder, TEXTUAL, **_inputs(tokenizer.encode("picture")))

    def _embed(self, text: str) -> QueryVector:
        tokenizer, model = self._network
        encoding = tokenizer.encode(clean(text, canonicalize=self._folder.canonicalize))
        return QueryVector(self.model, tuple(model.run(**_inputs(encoding)).tolist()))


def _inputs(encoding: Encoding) -> dict[str, npt.NDArray[np.int64]]:
    """Return the inputs of the textual network. The name of the first one differs between models."""
    return {"first": np.array([encoding.ids]), "attention_mask": np.array([encoding.attention_mask])}


def clean(text: str, *, canonicalize: bool) -> str:
    """Normalise `text` like the model's training data.

    White space is reduced to single spaces. If `canonicalize`, also remove punctuation and convert to lower case.
    """
    if canonicalize:
        text = text.translate(str.maketrans("", "", string.punctuation)).lower()
    return " ".join(text.split())


def load_tokenizer(folder: ClipFolder) -> Tokenizer:
    """Load the tokenizer. It pads or truncates each text to the length of the model's context.

    Raises EnvironmentalError `clip.folder`.
    """
    try:
        tokenizer = Tokenizer.from_file(str(folder.path / TOKENIZER))
        config = folder.path / TOKENIZER_CONFIG
        named = read_json(config).get("pad_token") if config.exists() else None
        named = named["content"] if isinstance(named, dict) else named
        known = [token for token in (named, *_PADDING_TOKENS) if token and tokenizer.token_to_id(token) is not None]
        padding = known[0]
    except IndexError:
        raise unusable(f"{folder.path.name}/{TOKENIZER} has no token for padding") from None
    except Exception as error:
        raise unusable(f"{folder.path.name}/{TOKENIZER} cannot be read") from error
    tokenizer.enable_padding(length=folder.context, pad_token=padding, pad_id=tokenizer.token_to_id(padding))
    tokenizer.enable_truncation(max_length=folder.context)
    return tokenizer
