"""Log the start and the end of a dependency's outage, with one line each."""

import logging


class OutageLog:
    """Tracks whether one dependency is available. There is no lock, so concurrent reports may log a line twice.

    When an outage starts, `lost` is logged as a warning, with the error in place of `%s`. When it ends, `back` is
    logged at level INFO.
    """

    def __init__(self, logger: logging.Logger, lost: str, back: str) -> None:
        self._logger = logger
        self._lost = lost
        self._back = back
        self.is_lost = False

    def report(self, error: Exception | str | None) -> None:
        """Report that the dependency failed with `error`, or that it works if that is None. Only changes are logged."""
        if error is not None and not self.is_lost:
            self._logger.warning(self._lost, error)
        elif error is None and self.is_lost:
            self._logger.info(self._back)
        self.is_lost = error is not None
