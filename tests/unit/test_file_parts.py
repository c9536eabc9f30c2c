"""A view of selected parts of a file reads like a file that contains only those parts."""

import io

from hypothesis import given
from hypothesis import strategies as st

from uploads.media.file_parts import FileParts, open_parts

DATA = bytes(range(256))
PARTS = st.lists(st.tuples(st.integers(0, 256), st.integers(0, 256)).map(sorted).map(tuple), max_size=5)


@given(parts=PARTS, steps=st.lists(st.tuples(st.integers(0, 300), st.integers(0, 40)), max_size=5))
def test_view_reads_like_a_file_of_its_parts(parts: list[tuple[int, int]], steps: list[tuple[int, int]]) -> None:
    expected = io.BytesIO(b"".join(DATA[start:end] for start, end in parts))
    view = open_parts(io.BytesIO(DATA), parts)

    assert view.read() == expected.read()
    for position, size in steps:
        assert view.seek(position) == expected.seek(position)
        assert view.read(size) == expected.read(size)


def test_view_reports_its_position_and_end() -> None:
    view = FileParts(io.BytesIO(DATA), [(0, 2), (10, 13)])

    view.seek(3)
    assert view.read(9) == bytes([11, 12])
    assert view.tell() == 5
    assert view.seek(0, io.SEEK_END) == 5
    assert view.seek(-2, io.SEEK_CUR) == 3
    assert view.read(1) == bytes([11])
