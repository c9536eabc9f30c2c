"""What should be here of one file after any requests: the model of the state machine."""

from itertools import pairwise

from tests.intake.tus_client import Answer

WRONG = "sha256 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="


class Model:
    """`arrived` bytes of `content` are here for sure, None: there is no upload; `done` once the file was ended."""

    content: bytes
    arrived: int | None = None
    done = False

    @property
    def size(self) -> int:
        """Of the whole file."""
        return len(self.content)

    def pieces(self, start: int, cuts: list[int]) -> list[bytes]:
        """The content from `start` on, in pieces that end at the cuts."""
        return [self.content[one:other] for one, other in pairwise([start, *cuts])]

    def took(self, offset: int) -> None:
        self.arrived = max(self.arrived or 0, offset)

    def sent(self, answer: Answer, offset: int, checksum: str, end: str, good: int) -> None:
        """Follow what became of a body that ended at `offset`."""
        if self.done:
            assert answer.status in {0, good}
        elif end:
            assert answer.status == 0
            if not checksum:
                self.took(offset)
        elif checksum == WRONG:
            assert answer.status == 460
        else:
            self.took(offset)
            self.ended_if_complete()
            assert (answer.status, answer.offset) == (good, self.arrived)

    def ended_if_complete(self) -> None:
        self.done = self.done or self.arrived == self.size
