"""Track the in-flight jobs of this process, and let a job run alone if it may crash the process."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from batches.models.states import ItemResult


@dataclass(frozen=True, slots=True)
class Claim:
    """This process's exclusive right to finish an item. It is valid while `token` is in the item's row.

    `upload_key` is the picture's storage key. `upload_id`, `upload_key` and `upload_kind` are None if the picture was
    deleted, or if the file is still inside an archive. `already_processed` means that the item belongs to an import and
    that its picture was already processed for another item. `edited_description` is the picture's description if a user
    has edited it. `text_found` is the text that was found in the picture; it is set only if the picture is analysed
    again. If `reads_text` is true, the job only reads the text in the picture.
    """

    item_id: int
    batch_id: int
    token: UUID
    upload_id: int | None = None
    upload_key: UUID | None = None
    already_processed: bool = False
    upload_kind: str | None = None
    edited_description: str | None = None
    text_found: str = ""
    reads_text: bool = False


class JobStopped(Exception):
    """The job must stop because its claim is no longer valid, its batch is not processing or the process is stopping.

    A job that reads text also stops when other files are waiting.

    Raised between stages, during decoding, or while the job waits for a CPU slot, including when that wait takes
    too long.
    """


@dataclass(slots=True)
class Job:
    """A claimed item that this process is working on.

    Other threads set `stop_requested`; the job checks it between stages, during decoding and while it waits for a
    CPU slot. `stage` is blank before the first stage, and again from when the job starts to wait for a slot until the
    next stage begins. `since` is the time.monotonic() value at which the stage began, or None while no deadline
    applies. `previews_unrecorded` means that the storage may contain previews that no row refers to. `result` is the
    item's result if it completes.
    """

    claim: Claim
    stage: str = ""
    since: float | None = field(default_factory=time.monotonic)
    stop_requested: bool = False
    previews_unrecorded: bool = False
    result: ItemResult = ItemResult.NEW

    def enter(self, stage: str) -> None:
        """Begin a stage. Raises JobStopped if a stop was requested."""
        self.raise_if_stopped()
        self.since = time.monotonic()
        self.stage = stage

    def raise_if_stopped(self) -> None:
        if self.stop_requested:
            raise JobStopped

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Clear the stage, and apply no deadline while the block waits for a CPU slot."""
        self.since = None
        self.stage = ""
        yield
        self.since = time.monotonic()

    def seconds(self) -> float:
        """Return how many seconds the job has spent in its current stage; 0 while no deadline applies."""
        since = self.since
        return 0.0 if since is None else time.monotonic() - since


class InFlight:
    """The in-flight jobs of one process. All methods are thread-safe."""

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
        """Wait until no exclusive job is running or waiting, then run the block concurrently with other jobs."""
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
        """Run the block alone, once all other jobs of this process have ended. Use this if the item may crash it."""
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
        """Register a job for the claim while the block runs, so that the heartbeat renews the claim's lease."""
        job = Job(claim, stop_requested=self.stopping)
        with self._changed:
            self._jobs[claim.token] = job
        try:
            yield job
        finally:
            with self._changed:
                self._jobs.pop(claim.token, None)

    def jobs(self) -> list[Job]:
        with self._changed:
            return list(self._jobs.values())

    def mark_unreleased(self, claim: Claim) -> None:
        """Remember a claim that could not be released, for example because the database was down."""
        with self._changed:
            self._unreleased.append(claim)

    def unreleased(self) -> list[Claim]:
        with self._changed:
            return list(self._unreleased)

    def forget_unreleased(self, claims: list[Claim]) -> None:
        with self._changed:
            self._unreleased = [claim for claim in self._unreleased if claim not in claims]

    def stop(self) -> list[Claim]:
        """Ask all jobs to stop. Return the claims to release: those of all jobs and those marked as unreleased."""
        self.stopping = True
        with self._changed:
            for job in self._jobs.values():
                job.stop_requested = True
            return [job.claim for job in self._jobs.values()] + self._unreleased


in_flight = InFlight()
