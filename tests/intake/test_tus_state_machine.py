"""Any sequence of valid and invalid requests from several clients leaves either exactly the sent bytes or no upload."""

import os
import time
from itertools import count

import pytest
from hypothesis import Phase
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from batches.engine import lifecycle
from batches.engine.expiry import finish_without_missing
from batches.intake import partial_file, partial_paths
from batches.intake.partial_cleanup import PartialCleaner
from batches.intake.partial_paths import mark_unverified
from batches.intake.running_hashes import RunningHashes
from tests.intake.transfer_model import WRONG, Model
from tests.intake.tus_client import TusClient
from tests.support.batches import assert_counters_match
from tests.support.images import encoded, textured
from tests.support.users import make_user
from uploads.models import Upload
from uploads.storage import local_copy

pytestmark = pytest.mark.slow

JPEG = encoded(textured(24, 16), "JPEG")
NUMBERS = count()

clients = st.integers(0, 1)
cuts = st.lists(st.integers(0, len(JPEG)), max_size=4).map(sorted)
checksums = st.sampled_from(["", "", "sha1", "sha256", WRONG])
ends = st.sampled_from(["", "", "cut"])


class Uploading(Model, RuleBasedStateMachine):
    """Two clients of one user send the same file, and another user tries to access the upload."""

    content = JPEG

    def __init__(self) -> None:
        super().__init__()
        # Create new users for every run, because otherwise the file would be a duplicate.
        number = next(NUMBERS)
        person, other = make_user(f"ada{number}"), make_user(f"bob{number}")
        self.pages = [TusClient(person), TusClient(person)]
        self.stranger = TusClient(other)
        self.batch = lifecycle.open_batch(person.id, "Any order")
        self.location = ""

    @rule(client=clients)
    def create(self, client: int) -> None:
        answer = self.pages[client].create(self.batch.id, "a.jpg", self.size)
        assert answer.status == 201
        self.location = answer.headers["location"]
        self.receive(0)
        self.finish_if_complete()

    @rule(client=clients, cuts=cuts, declared=st.booleans(), checksum=checksums, end=ends)
    def create_with(self, client: int, cuts: list[int], declared: bool, checksum: str, end: str) -> None:
        pieces = self.pieces(0, cuts)
        page = self.pages[client]
        answer = page.create_with(
            self.batch.id, "a.jpg", self.size, *pieces, declared=declared and not end, checksum=checksum, end=end
        )
        self.location = f"/tus/{self.batch.items.get().id}"
        self.receive(0)
        self.check_response(answer, sum(map(len, pieces)), checksum, end, 201)

    @precondition(lambda self: self.received is not None)
    @rule(client=clients, cuts=cuts, declared=st.booleans(), checksum=checksums, end=ends)
    def patch(self, client: int, cuts: list[int], declared: bool, checksum: str, end: str) -> None:
        assert self.received is not None
        start = self.received
        pieces = self.pieces(start, [start + cut for cut in cuts])
        page = self.pages[client]
        answer = page.patch(
            self.location, start, *pieces, declared=declared and not end, checksum=checksum, end=end if pieces else ""
        )
        self.check_response(answer, start + sum(map(len, pieces)), checksum, end if pieces else "", 204)

    @precondition(lambda self: self.received is not None)
    @rule(client=clients, offset=st.integers(0, 2 * len(JPEG)))
    def patch_at_wrong_offset(self, client: int, offset: int) -> None:
        if offset != self.received:
            answer = self.pages[client].patch(self.location, offset, self.content[offset:] or b"x", declared=False)
            assert answer.status == 409

    @precondition(lambda self: self.received is not None and not self.done)
    @rule(client=clients, extra=st.binary(min_size=1, max_size=9), declared=st.booleans(), checksum=checksums)
    def patch_too_much(self, client: int, extra: bytes, declared: bool, checksum: str) -> None:
        assert self.received is not None
        pieces = [self.content[self.received :], extra]
        answer = self.pages[client].patch(self.location, self.received, *pieces, declared=declared, checksum=checksum)
        assert answer.status == 413

    @precondition(lambda self: self.received is not None and not self.done)
    @rule(client=clients)
    def send_while_another_writes(self, client: int) -> None:
        with partial_file.locked_partial(self.item_id):
            assert self.pages[client].patch(self.location, self.received or 0, b"x", declared=False).status == 423

    @precondition(lambda self: self.location)
    @rule(client=clients)
    def delete(self, client: int) -> None:
        status = self.pages[client].request("DELETE", self.location).status
        if self.received is None:
            assert status in {204, 410}  # 204 if the upload has expired, 410 if it was deleted or cleaned up
        else:
            assert status == (409 if self.done else 204)
        if not self.done:
            self.received = None

    @precondition(lambda self: self.location)
    @rule()
    def request_as_another_user(self) -> None:
        answers = [self.stranger.head(self.location), self.stranger.patch(self.location, self.received or 0, b"x")]
        answers.append(self.stranger.request("DELETE", self.location))
        assert {answer.status for answer in answers} == {404}

    @precondition(lambda self: self.received is not None and not self.done)
    @rule(junk=st.binary(min_size=1, max_size=20))
    def kill_before_verification(self, junk: bytes) -> None:
        """Create the state that a server leaves if it is killed before it verifies a checksum."""
        partial_paths.partial_path(self.item_id).parent.mkdir(exist_ok=True)
        mark_unverified(self.item_id, self.received or 0)
        with partial_paths.partial_path(self.item_id).open("ab") as partial:
            partial.write(junk)
        self.restart()

    @rule()
    def restart(self) -> None:
        """Drop the running digests, as if the server had been restarted."""
        partial_file.running_hashes = RunningHashes()

    @rule()
    def abandon(self) -> None:
        """Finish the batch without the file, whose upload may still be resumed."""
        finish_without_missing(self.batch.id)

    @precondition(lambda self: self.received and self.received < self.size)
    @rule(cleaned=st.booleans())
    def expire(self, cleaned: bool) -> None:
        then = time.time() - 8 * 24 * 3600
        os.utime(partial_paths.partial_path(self.item_id), (then, then))
        if cleaned:
            PartialCleaner().clean()
        self.received = None

    @rule()
    def clean(self) -> None:
        PartialCleaner().clean()

    @invariant()
    def offset_is_exact(self) -> None:
        if self.location:
            answer = self.pages[0].head(self.location)
            if self.received is None:
                assert answer.status == 410
                return
            self.finish_if_complete()
            assert (answer.status, answer.offset) == (200, self.received)

    @invariant()
    def bytes_are_exact_or_there_is_no_upload(self) -> None:
        uploads = list(Upload.objects.filter(items__batch=self.batch))
        assert len(uploads) == self.done
        for upload in uploads:
            with local_copy(upload.key) as path:
                assert path.read_bytes() == self.content
        assert_counters_match(self.batch)

    @property
    def item_id(self) -> int:
        return int(self.location.rpartition("/")[2])


@pytest.mark.django_db(transaction=True)
def test_any_sequence_leaves_the_exact_bytes_or_no_upload() -> None:
    # Do not shrink failing examples. It would take minutes, because every run creates users and files.
    run_state_machine_as_test(
        Uploading,
        settings=hypothesis_settings(
            max_examples=8, stateful_step_count=20, deadline=None, phases=[Phase.explicit, Phase.generate]
        ),
    )
