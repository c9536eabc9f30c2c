"""Track the in-flight jobs of this process: their claims, their stages, and whether one must run alone."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Claim:
    """The right of this process to finish an item, valid while the item's row has `token`.

    `upload_id` and `upload_key` (its key in storage) are None if the picture was deleted. `already_processed`: the item
    belongs to an import, and its picture was already processed for another item.
    """

    item_id: int
    batch_id: int
    token: UUID
    upload_id: int | None = None
    upload_key: UUID | None = None
    already_processed: bool = False


class JobStopped(Exception):
    """Raised between two stages: the batch was paused or cancelled, or the process is stopping."""


@dataclass(slots=True)
class Job:
    """A claim being processed. Other threads set `stop_requested`; it takes effect between two stages.

    `stage` is blank before the first one and while the job waits for a core; `since` (by time.monotonic()) is None
    while no deadline applies. `previews_unrecorded`: storage may contain previews that no row refers to.
    """

    claim: Claim
    stage: str = ""
    since: float | None = field(default_factory=time.monotonic)
    stop_requested: bool = False
    previews_unrecorded: bool = False

    def enter(self, stage: str) -> None:
        """Begin a stage. Raises JobStopped if a stop was requested."""
        self.raise_if_stopped()
        self.since = time.monotonic()
        self.stage = stage

    def raise_if_stopped(self) -> None:
        """Raise JobStopped if a stop was requested."""
        if self.stop_requested:
            raise JobStopped

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Clear the stage and its deadline while the job waits for a resource of this process."""
        self.since = None
        self.stage = ""
        yield
        self.since = time.monotonic()

    def seconds(self) -> float:
        """Return how long the job has been in its stage; 0 while it waits."""
        since = self.since
        return 0.0 if since is None else time.monotonic() - since


class InFlight:
    """The jobs of one process. All methods are thread-safe."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._jobs: dict[UUID, Job] = {}
        self._unreleased: list[Claim] = []
        self._shared = 0
        self._exclusive_waiting = 0
        self._exclusive = False
        self.stopping = False

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Run concurrently with other jobs; wait first while one runs alone or is about to."""
        with self._changed:
            while self._exclusive or self._exclusive_waiting:
                self._changed.wait()
            self._shared += 1
        try:
            yield
        finally:
            with self._changed:
                self._shared -= 1
                self._changed.notify_all()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Run while this process has no other job: for quarantined items, which may crash it."""
        with self._changed:
            self._exclusive_waiting += 1
            while self._exclusive or self._shared:
                self._changed.wait()
            self._exclusive_waiting -= 1
            self._exclusive = True
        try:
            yield
        finally:
            with self._changed:
                self._exclusive = False
                self._changed.notify_all()

    @contextmanager
    def track(self, claim: Claim) -> Iterator[Job]:
        """Register a job for the claim while the block runs, so that the heartbeat renews its lease."""
        job = Job(claim, stop_requested=self.stopping)
        with self._changed:
            self._jobs[claim.token] = job
        try:
            yield job
        finally:
            with self._changed:
                self._jobs.pop(claim.token, None)

    def jobs(self) -> list[Job]:
        """Return the current jobs."""
        with self._changed:
            return list(self._jobs.values())

    def mark_unreleased(self, claim: Claim) -> None:
        """Remember a claim that could not be released because the database was down."""
        with self._changed:
            self._unreleased.append(claim)

    def unreleased(self) -> list[Claim]:
        """Return the claims that are still to be released."""
        with self._changed:
            return list(self._unreleased)

    def forget_unreleased(self, claims: list[Claim]) -> None:
        """Forget these claims: they have been released."""
        with self._changed:
            self._unreleased = [claim for claim in self._unreleased if claim not in claims]

    def stop(self) -> list[Claim]:
        """Request all jobs to stop; return every claim to release, including those remembered as unreleased."""
        self.stopping = True
        with self._changed:
            for job in self._jobs.values():
                job.stop_requested = True
            return [job.claim for job in self._jobs.values()] + self._unreleased


in_flight = InFlight()
