"""Analyzers that tests name by VUEMANTICS_ANALYZER."""

from uploads.analysis.local import LocalAnalyzer as Chosen

__all__ = ["Broken", "Chosen"]


class Broken:
    """Cannot be made, as where its configuration is missing."""

    def __init__(self) -> None:
        raise KeyError("MODEL_URL")
