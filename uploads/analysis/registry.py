"""Look up providers by name. Each object is created once per process."""

import importlib
import logging
import threading
from dataclasses import dataclass
from typing import Any

from uploads.analysis.base import Describer, DescriptionEmbedder, Embedder, ImageEmbedder, QueryEncoder, TextEmbedder
from uploads.errors import EnvironmentalError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ProviderClasses:
    """The classes of a provider, each as "package.module:Class", or empty if the provider lacks that role.

    `queries` is the QueryEncoder for the vectors of `embedder`, and `texts` is the TextEmbedder. Each class is
    instantiated without arguments. Classes are imported on first use, so that each process loads only
    the models that it uses.
    """

    describer: str = ""
    embedder: str = ""
    queries: str = ""
    texts: str = ""


PROVIDERS = {
    "local": ProviderClasses(
        describer="uploads.analysis.local:LocalAnalyzer",
        embedder="uploads.analysis.local:LocalAnalyzer",
        queries="uploads.analysis.concept_queries:ConceptQueries",
        texts="uploads.analysis.concept_queries:ConceptQueries",
    ),
    "clip": ProviderClasses(
        embedder="uploads.analysis.clip.visual:ClipEmbedder", queries="uploads.analysis.clip.textual:ClipQueries"
    ),
    "ollama": ProviderClasses(
        describer="uploads.analysis.model_servers.ollama:OllamaDescriber",
        embedder="uploads.analysis.model_servers.ollama:OllamaEmbedder",
        queries="uploads.analysis.model_servers.ollama:OllamaQueries",
    ),
    "openai": ProviderClasses(
        describer="uploads.analysis.model_servers.openai:OpenAIDescriber",
        embedder="uploads.analysis.model_servers.openai:OpenAIEmbedder",
        queries="uploads.analysis.model_servers.openai:OpenAIQueries",
    ),
}
"""The providers by short name. Any other name must be the path of a site's own class, as "package.module:Class"."""

_objects: dict[str, Any] = {}
_lock = threading.Lock()


def provider_classes(name: str) -> ProviderClasses:
    """Return the classes of a provider; `name` is a key of PROVIDERS or "package.module:Class"."""
    return PROVIDERS.get(name) or ProviderClasses(describer=name, embedder=name)


def get_describer(name: str) -> Describer:
    """Return the describer of a provider.

    The first call for a class creates the object, which may take half a second; later calls return the same object.
    Thread-safe. If it cannot be created, this raises EnvironmentalError `analysis.unusable` or the provider's own
    EnvironmentalError, and the next call tries again.
    """
    found = _get(name, provider_classes(name).describer)
    if not all(hasattr(found, member) for member in ("name", "computes", "describe")):
        raise _unusable(name)
    describer: Describer = found
    return describer


def get_embedder(name: str) -> Embedder:
    """Return the embedder of a provider; see get_describer()."""
    found = _get(name, provider_classes(name).embedder)
    if not isinstance(found, DescriptionEmbedder | ImageEmbedder):
        raise _unusable(name)
    return found


def get_query_encoder(name: str) -> QueryEncoder | None:
    """Return the query encoder for the vectors of the embedder `name`, or None if only text can be searched.

    This loads the text model but no other model. Raises the errors of get_describer().
    """
    path = provider_classes(name).queries
    return _get(name, path) if path else None


def get_text_embedder(name: str) -> TextEmbedder | None:
    """Return the text embedder for the vectors of the embedder `name`, or None. See get_describer() for errors."""
    path = provider_classes(name).texts
    return _get(name, path) if path else None


def get_query_model(name: str) -> str | None:
    """Return the `model` of the query encoder for the embedder `name`, or None if there is no query encoder.

    If `model` is a class attribute, the query encoder is not created, so no model is loaded.
    """
    path = provider_classes(name).queries
    if path and isinstance(model := getattr(_load_class(path), "model", None), str):
        return model
    encoder = get_query_encoder(name)
    return encoder.model if encoder is not None else None


def _get(name: str, path: str) -> Any:
    """Return the instance of the class `path`; `name` is the provider's name for error messages."""
    with _lock:
        if path not in _objects:
            _objects[path] = _create(name, path)
        return _objects[path]


def _create(name: str, path: str) -> Any:
    try:
        return _load_class(path)()
    except EnvironmentalError:
        raise
    except Exception as error:
        logger.exception('The provider "%s" cannot be created.', name)
        raise _unusable(name) from error


def _load_class(path: str) -> Any:
    module, _, attribute = path.partition(":")
    return getattr(importlib.import_module(module), attribute)


def _unusable(name: str) -> EnvironmentalError:
    return EnvironmentalError("analysis.unusable", name=name, known=", ".join(sorted(PROVIDERS)))
