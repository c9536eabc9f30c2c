"""A clock that tests advance."""


class Clock:
    """Replaces the module `time` in a module that reads only the monotonic clock."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now
