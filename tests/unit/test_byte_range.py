import pytest

from uploads.storage.byte_range import ByteRange, RangeError, parse_range

SIZE = 1000


@pytest.mark.parametrize(
    ("header", "start", "end"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=100-299", 100, 299),
        ("bytes=500-", 500, 999),
        ("bytes=-10", 990, 999),
        ("bytes=-99999", 0, 999),
        ("bytes=5-99999", 5, 999),
    ],
)
def test_range_is_limited_to_the_file(header: str, start: int, end: int) -> None:
    byte_range = parse_range(header, SIZE)

    assert byte_range == ByteRange(start, end)
    assert byte_range.length == end - start + 1


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=-0"])
def test_range_beyond_the_end_raises(header: str) -> None:
    with pytest.raises(RangeError):
        parse_range(header, SIZE)


@pytest.mark.parametrize(
    "header", ["", "bytes=9-2", "bytes=0-1,5-6", "lines=1-2", "bytes=-", "bytes=a-b", "bytes=\u0661-\u0662"]
)
def test_invalid_or_multiple_ranges_mean_the_whole_file(header: str) -> None:
    assert parse_range(header, SIZE) is None


def test_empty_file_has_no_range() -> None:
    with pytest.raises(RangeError):
        parse_range("bytes=-5", 0)
