"""What this process has in hand: its claims, the stage of each, and who may claim beside whom."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Claim:
    """A file that this process alone may finish, as long as the row carries `token`.

    `upload_id` and its `upload_key` in storage are None when the picture was deleted meanwhile. `already_processed`: an import of a
    picture that has been worked on since it was queued, by another file with the same bytes.
    """

    item_id: int
    batch_id: int
    token: UUID
    upload_id: int | None = None
    upload_key: UUID | None = None
    already_processed: bool = False


class JobStopped(Exception):
    """Raised between two stages: the file is not wanted any more (its batch was paused or cancelled, or we stop)."""


@dataclass(slots=True)
class Job:
    """A claim in work. `stop_requested` is set by other threads and obeyed between two stages.

    `stage` is blank before the first one and while the file waits for a core; `since` is None while no deadline runs.
    `previews_unrecorded`: previews may lie in storage of which no row tells.
    """

    claim: Claim
    stage: str = ""
    since: float | None = field(default_factory=time.monotonic)
    stop_requested: bool = False
    previews_unrecorded: bool = False

    def enter(self, stage: str) -> None:
        """Note that a stage begins. Raises Stopped when the file is not wanted any more."""
        self.raise_if_stopped()
        self.since = time.monotonic()
        self.stage = stage

    def raise_if_stopped(self) -> None:
        """Raise Stopped when the file is not wanted any more."""
        if self.stop_requested:
            raise JobStopped

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Be in no stage, and let no deadline run, while the file only waits for its turn at something of ours."""
        self.since = None
        self.stage = ""
        yield
        self.since = time.monotonic()

    def seconds(self) -> float:
        """Return how long the file has been in its stage; 0 while it waits."""
        since = self.since
        return 0.0 if since is None else time.monotonic() - since


class InFlight:
    """The registry of one process. All methods are safe from any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._held: dict[UUID, Job] = {}
        self._lost: list[Claim] = []
        self._sharing = 0
        self._alone_wanted = 0
        self._alone = False
        self.stopping = False

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Work beside the other threads; waits while one of them must be alone."""
        with self._changed:
            while self._alone or self._alone_wanted:
                self._changed.wait()
            self._sharing += 1
        try:
            yield
        finally:
            with self._changed:
                self._sharing -= 1
                self._changed.notify_all()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Work with nothing else in hand in this process: for files that were there when a process died."""
        with self._changed:
            self._alone_wanted += 1
            while self._alone or self._sharing:
                self._changed.wait()
            self._alone_wanted -= 1
            self._alone = True
        try:
            yield
        finally:
            with self._changed:
                self._alone = False
                self._changed.notify_all()

    @contextmanager
    def track(self, claim: Claim) -> Iterator[Job]:
        """Keep the claim in the registry, so that the heartbeat renews it, while the block runs."""
        held = Job(claim, stop_requested=self.stopping)
        with self._changed:
            self._held[claim.token] = held
        try:
            yield held
        finally:
            with self._changed:
                self._held.pop(claim.token, None)

    def jobs(self) -> list[Job]:
        """Return what is in hand now."""
        with self._changed:
            return list(self._held.values())

    def mark_unreleased(self, claim: Claim) -> None:
        """Note a claim that could not be given back because the database was away."""
        with self._changed:
            self._lost.append(claim)

    def unreleased(self) -> list[Claim]:
        """Return the noted claims."""
        with self._changed:
            return list(self._lost)

    def forget_unreleased(self, given_back: list[Claim]) -> None:
        """Note that these lost claims are in the queue again."""
        with self._changed:
            self._lost = [claim for claim in self._lost if claim not in given_back]

    def stop(self) -> list[Claim]:
        """Let no file enter another stage; returns the claims to give back, those that were lost among them."""
        self.stopping = True
        with self._changed:
            for held in self._held.values():
                held.stop_requested = True
            return [held.claim for held in self._held.values()] + self._lost


in_flight = InFlight()
