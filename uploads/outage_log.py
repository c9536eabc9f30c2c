"""Log an outage once: one line when a dependency is lost, one when it is back."""

import logging


class OutageLog:
    """Tracks whether one dependency is available. Not locked: a race logs one line twice at most.

    `lost` is logged as a warning with the error in place of `%s`, `back` as information.
    """

    def __init__(self, logger: logging.Logger, lost: str, back: str) -> None:
        self._logger = logger
        self._lost = lost
        self._back = back
        self.is_lost = False

    def report(self, error: Exception | None) -> None:
        """Record that the dependency failed with `error`, or that it works (None); log only a change."""
        if error is not None and not self.is_lost:
            self._logger.warning(self._lost, error)
        elif error is None and self.is_lost:
            self._logger.info(self._back)
        self.is_lost = error is not None
