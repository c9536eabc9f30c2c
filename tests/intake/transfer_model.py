"""The state machine's model of one upload: how many of its bytes the server should have."""

from itertools import pairwise

from tests.intake.tus_client import Answer

WRONG = "sha256 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="


class Model:
    """The expected state of one upload.

    `received` is the number of bytes of `content` that the server has, or None if there is no upload. `done` becomes
    true when the file is finalized.
    """

    content: bytes
    received: int | None = None
    done = False

    @property
    def size(self) -> int:
        return len(self.content)

    def pieces(self, start: int, cuts: list[int]) -> list[bytes]:
        """Split the content at `cuts` and return the pieces between `start` and the last cut."""
        return [self.content[one:other] for one, other in pairwise([start, *cuts])]

    def receive(self, offset: int) -> None:
        self.received = max(self.received or 0, offset)

    def check_response(self, answer: Answer, offset: int, checksum: str, end: str, good: int) -> None:
        """Check the response to a body that ended at `offset`, and update the model.

        `checksum` and `end` are those of the request (see `TusClient.patch`). `good` is the status of a successful
        response.
        """
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
