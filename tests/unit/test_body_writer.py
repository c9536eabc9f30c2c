"""The partial file has the right bytes after any sequence of valid, repeated, truncated and oversized requests."""

import hashlib
import tempfile
from pathlib import Path

import pytest
from django.test import override_settings
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from batches.intake import partial_file, partial_paths
from batches.intake.running_hashes import RunningHashes
from batches.intake.tus.headers import Patch
from batches.intake.tus.protocol_error import TusError
from batches.intake.tus.writer import BodyWriter

pytestmark = pytest.mark.slow

ITEM = 7


def send(partial: partial_file.PartialFile, length: int, patch: Patch, pieces: list[bytes]) -> BodyWriter:
    writer = BodyWriter(partial, length, patch)
    for piece in pieces:
        writer.add(piece)
    return writer


class BodyWriterMachine(RuleBasedStateMachine):
    """A client that sends one file in correct and incorrect requests."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.settings = override_settings(PARTIAL_ROOT=Path(self.folder.name))
        self.settings.enable()
        self.received = 0

    def teardown(self) -> None:
        self.settings.disable()
        self.folder.cleanup()

    @initialize(content=st.binary(min_size=1, max_size=300))
    def register(self, content: bytes) -> None:
        self.content = content

    @rule(lengths=st.lists(st.integers(0, 60), max_size=6), declared=st.booleans())
    def patch(self, lengths: list[int], declared: bool) -> None:
        """Send pieces that start at the current offset and may stop before the end of the file."""
        pieces, end = [], self.received
        for length in lengths:
            pieces.append(self.content[end : end + length])
            end = min(end + length, len(self.content))
        with partial_file.locked_partial(ITEM) as partial:
            patch = Patch(self.received, end - self.received if declared else None)
            assert send(partial, len(self.content), patch, pieces).complete == (end == len(self.content))
        self.received = end

    @rule(offset=st.integers(0, 400))
    def patch_at_wrong_offset(self, offset: int) -> None:
        if offset == self.received:
            return
        with partial_file.locked_partial(ITEM) as partial, pytest.raises(TusError) as refused:
            BodyWriter(partial, len(self.content), Patch(offset, None))
        assert refused.value.status == 409

    @rule(extra=st.binary(min_size=1, max_size=20), declared=st.booleans())
    def patch_too_much(self, extra: bytes, declared: bool) -> None:
        rest = self.content[self.received :]
        patch = Patch(self.received, len(rest + extra) if declared else None)
        with partial_file.locked_partial(ITEM) as partial, pytest.raises(TusError, match=r"tus\.too_long"):
            send(partial, len(self.content), patch, [rest, extra])

    @rule()
    def patch_while_another_writes(self) -> None:
        with (
            partial_file.locked_partial(ITEM),
            pytest.raises(partial_file.PartialFileBusy),
            partial_file.locked_partial(ITEM),
        ):
            pytest.fail("two writers")

    @rule()
    def restart(self) -> None:
        """Continue as another process would, without the digests that are kept in memory."""
        partial_file.running_hashes = RunningHashes()

    @precondition(lambda self: self.received > 0)
    @rule()
    def digest(self) -> None:
        with partial_file.locked_partial(ITEM) as partial:
            assert partial.sha256() == hashlib.sha256(self.content[: self.received]).hexdigest()

    @invariant()
    def bytes_are_exact(self) -> None:
        path = partial_paths.partial_path(ITEM)
        assert partial_paths.partial_size(ITEM) == self.received
        assert path.exists() == (self.received > 0)
        if self.received:
            assert path.read_bytes() == self.content[: self.received]


TestWriting = BodyWriterMachine.TestCase
TestWriting.settings = hypothesis_settings(max_examples=30, stateful_step_count=25, deadline=None)
