"""Give each test its own media folder."""

from tests.verification.conftest import media

__all__ = ["media"]
