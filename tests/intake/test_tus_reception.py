"""The protocol without HTTP: whatever is sent, repeated, cut or sent too much, the part holds the exact bytes."""

import hashlib
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from django.test import override_settings
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from pytest_django import Settings

from batches.intake import partial_file, partial_paths
from batches.intake.running_hashes import RunningHashes
from batches.intake.tus.headers import Patch, read_metadata
from batches.intake.tus.protocol_error import TusError
from batches.intake.tus.writer import BodyWriter

ITEM = 7


def send(part: partial_file.PartialFile, length: int, patch: Patch, pieces: list[bytes]) -> BodyWriter:
    reception = BodyWriter(part, length, patch)
    for piece in pieces:
        reception.add(piece)
    return reception


class Receiving(RuleBasedStateMachine):
    """A client, by turns right and wrong, sends one file."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.settings = override_settings(PARTIAL_ROOT=Path(self.folder.name))
        self.settings.enable()
        self.arrived = 0

    def teardown(self) -> None:
        self.settings.disable()
        self.folder.cleanup()

    @initialize(content=st.binary(min_size=1, max_size=300))
    def announce(self, content: bytes) -> None:
        self.content = content

    @rule(lengths=st.lists(st.integers(0, 60), max_size=6), declared=st.booleans())
    def patch(self, lengths: list[int], declared: bool) -> None:
        """Pieces from the right offset, ended regularly or cut: the part cannot tell and need not."""
        pieces, at = [], self.arrived
        for length in lengths:
            pieces.append(self.content[at : at + length])
            at = min(at + length, len(self.content))
        with partial_file.locked_partial(ITEM) as part:
            patch = Patch(self.arrived, at - self.arrived if declared else None)
            assert send(part, len(self.content), patch, pieces).complete == (at == len(self.content))
        self.arrived = at

    @rule(offset=st.integers(0, 400))
    def patch_elsewhere(self, offset: int) -> None:
        if offset == self.arrived:
            return
        with partial_file.locked_partial(ITEM) as part, pytest.raises(TusError) as refused:
            BodyWriter(part, len(self.content), Patch(offset, None))
        assert refused.value.status == 409

    @rule(extra=st.binary(min_size=1, max_size=20), declared=st.booleans())
    def patch_too_much(self, extra: bytes, declared: bool) -> None:
        rest = self.content[self.arrived :]
        patch = Patch(self.arrived, len(rest + extra) if declared else None)
        with partial_file.locked_partial(ITEM) as part, pytest.raises(TusError, match=r"tus\.too_long"):
            send(part, len(self.content), patch, [rest, extra])

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
        """Another process takes over: the running digests are gone."""
        partial_file.running_hashes = RunningHashes()

    @precondition(lambda self: self.arrived > 0)
    @rule()
    def digest(self) -> None:
        with partial_file.locked_partial(ITEM) as part:
            assert part.sha256() == hashlib.sha256(self.content[: self.arrived]).hexdigest()

    @invariant()
    def bytes_are_exact(self) -> None:
        path = partial_paths.partial_path(ITEM)
        assert partial_paths.partial_size(ITEM) == self.arrived
        assert path.exists() == (self.arrived > 0)
        if self.arrived:
            assert path.read_bytes() == self.content[: self.arrived]


TestReceiving = Receiving.TestCase
TestReceiving.settings = hypothesis_settings(max_examples=60, stateful_step_count=25, deadline=None)


def test_part_is_never_locked_after_it_was_removed(settings: Settings, tmp_path: Path) -> None:
    settings.PARTIAL_ROOT = tmp_path
    wrong: list[str] = []

    def write_and_finish(mark: bytes) -> None:
        done = 0
        while done < 150:
            with suppress(partial_file.PartialFileBusy), partial_file.locked_partial(ITEM) as part:
                part.append(mark)
                if not part.path.exists() or part.path.read_bytes() != mark:
                    wrong.append(f"{mark!r} went elsewhere")
                part.delete()
                done += 1

    threads = [threading.Thread(target=write_and_finish, args=[bytes([65 + number])]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert not wrong


def test_hash_states_are_bounded() -> None:
    kept = RunningHashes(limit=2)
    now = Path(__file__).stat()

    for item_id in (1, 2, 3):
        kept.put(item_id, now, hashlib.sha256())

    assert kept.take(1, now) is None
    assert kept.take(3, now) is not None
    assert kept.take(3, now) is None


def test_metadata_reads_pairs_and_keys_without_a_value() -> None:
    assert read_metadata("filename Y2F0LmpwZw==, private,") == {"filename": "cat.jpg", "private": ""}
