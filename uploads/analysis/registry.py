"""Look up analyzers by name. Each analyzer is created once per process."""

import importlib
import logging
import threading

from uploads.analysis.base import Analyzer, QueryEncoder
from uploads.errors import EnvironmentalError

logger = logging.getLogger(__name__)

ANALYZERS = {"local": "uploads.analysis.local:LocalAnalyzer"}
"""Classes by short name. They are imported on first use, so that web processes do not load the model runtime."""

QUERY_ENCODERS = {"local": "uploads.analysis.concept_queries:ConceptQueries"}
"""Query encoders by the name of the analyzer whose vectors they search."""

MEMBERS = ("name", "computes", "describe", "embed")
_analyzers: dict[str, Analyzer] = {}
_query_encoders: dict[str, QueryEncoder] = {}
_lock = threading.Lock()


def get_analyzer(name: str) -> Analyzer:
    """Return an analyzer. `name` is a key of ANALYZERS or "package.module:Class" (called without arguments).

    The first call for a name creates the analyzer, which may take half a second; later calls return the same object.
    Thread-safe. If the analyzer cannot be created, this raises EnvironmentalError `analysis.unusable` or the analyzer's
    own EnvironmentalError, and the next call tries again.
    """
    with _lock:
        analyzer = _analyzers.get(name)
        if analyzer is None:
            analyzer = _analyzers[name] = _create(name)
        return analyzer


def get_query_encoder(analyzer_name: str) -> QueryEncoder | None:
    """Return the encoder for queries to pictures of this analyzer, or None if only their text can be searched.

    Created once per process; this loads the text model but not the analyzer. Thread-safe. Raises EnvironmentalError
    `analysis.weights`.
    """
    if analyzer_name not in QUERY_ENCODERS:
        return None
    with _lock:
        encoder = _query_encoders.get(analyzer_name)
        if encoder is None:
            module, _, attribute = QUERY_ENCODERS[analyzer_name].partition(":")
            encoder = _query_encoders[analyzer_name] = getattr(importlib.import_module(module), attribute)()
        return encoder


def _create(name: str) -> Analyzer:
    module, _, attribute = ANALYZERS.get(name, name).partition(":")
    try:
        analyzer: Analyzer = getattr(importlib.import_module(module), attribute)()
    except EnvironmentalError:
        raise
    except Exception as error:
        logger.exception('The analyzer "%s" cannot be created.', name)
        raise _unusable(name) from error
    if not all(hasattr(analyzer, member) for member in MEMBERS):
        raise _unusable(name)
    return analyzer


def _unusable(name: str) -> EnvironmentalError:
    return EnvironmentalError("analysis.unusable", name=name, known=", ".join(sorted(ANALYZERS)))
