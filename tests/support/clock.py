"""A clock that tests can advance."""


class Clock:
    """A replacement for `time` in modules that read only the monotonic clock."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now
