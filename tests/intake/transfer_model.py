"""Model for the state machine: the bytes of one file that should be stored."""

from itertools import pairwise

from tests.intake.tus_client import Answer

WRONG = "sha256 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="


class Model:
    """`received` bytes of `content` are stored, None: there is no upload; `done` once the file is finalized."""

    content: bytes
    received: int | None = None
    done = False

    @property
    def size(self) -> int:
        """Size of the whole file."""
        return len(self.content)

    def pieces(self, start: int, cuts: list[int]) -> list[bytes]:
        """Return the content from `start` on, in pieces that end at the cuts."""
        return [self.content[one:other] for one, other in pairwise([start, *cuts])]

    def receive(self, offset: int) -> None:
        self.received = max(self.received or 0, offset)

    def check_response(self, answer: Answer, offset: int, checksum: str, end: str, good: int) -> None:
        """Check the response to a body that ended at `offset`, and update the model."""
        if self.done:
            assert answer.status in {0, good}
        elif end:
            assert answer.status == 0
            if not checksum:
                self.receive(offset)
        elif checksum == WRONG:
            assert answer.status == 460
        else:
            self.receive(offset)
            self.finish_if_complete()
            assert (answer.status, answer.offset) == (good, self.received)

    def finish_if_complete(self) -> None:
        self.done = self.done or self.received == self.size
