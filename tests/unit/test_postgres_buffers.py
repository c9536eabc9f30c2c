"""The embedded PostgreSQL's cache size suits the memory of the machine or container."""

from pathlib import Path

import pytest

from vuemantics.localstack import postgres


@pytest.mark.parametrize(("limit", "megabytes"), [("4294967296", 512), ("268435456", 128), ("max", 0), (None, 0)])
def test_buffers_are_an_eighth_of_the_memory(
    limit: str | None, megabytes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "memory.max"
    if limit is not None:
        file.write_text(f"{limit}\n")
    monkeypatch.setattr(postgres, "CONTAINER_LIMIT", file)
    monkeypatch.setattr("os.sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 2**21}.get)

    assert postgres.buffer_mebibytes() == (megabytes or 1024)
