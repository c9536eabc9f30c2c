"""Analyzers that tests select with VUEMANTICS_ANALYZER."""

from uploads.analysis.local import LocalAnalyzer as Chosen

__all__ = ["Broken", "Chosen"]


class Broken:
    """An analyzer that fails on creation, as it would if its configuration were missing."""

    def __init__(self) -> None:
        raise KeyError("MODEL_URL")
