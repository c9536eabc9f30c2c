"""Media in a folder of the test."""

from tests.verification.conftest import media

__all__ = ["media"]
