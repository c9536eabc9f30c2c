"""Analyzers that tests name by VUEMANTICS_ANALYZER."""

from uploads.analysis.local import LocalAnalyzer as Chosen

__all__ = ["Broken", "Chosen"]


class Broken:
    """Fails when it is created, as with missing configuration."""

    def __init__(self) -> None:
        raise KeyError("MODEL_URL")
