"""Give each test a media folder of its own."""

from tests.verification.conftest import media

__all__ = ["media"]
