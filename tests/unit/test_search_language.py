"""The query language: words, quotes, OR, minus and filters."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uploads.search.language import MAX_EXCLUDED, QueryError, parse_query, query_for
from uploads.search.query import Filter, Query, Term
from uploads.search.taken import TakenError, parse_taken


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Query()),
        ('  - "" ', Query()),
        ("red car", Query(((Term("red"), Term("car")),))),
        ("cat OR dog house", Query(((Term("cat"),), (Term("dog"), Term("house"))))),
        ("OR cat OR", Query(((Term("cat"),),))),
        ("cat or dog", Query(((Term("cat"), Term("or"), Term("dog")),))),
        ('"golden  gate" wi-fi', Query(((Term("golden gate", quoted=True), Term("wi-fi")),))),
        ('"golden ga', Query(((Term("golden ga", quoted=True),),))),
        ('beach -people -"no entry"', Query(((Term("beach"),),), (Term("people"), Term("no entry", quoted=True)))),
        ('Camera:"Pixel 8" -has:date', Query(filters=(Filter("camera", "Pixel 8"), Filter("has", "date", True)))),
        ("size:>1.5gb -size:<500KB", Query(filters=(Filter("size", ">1.5GB"), Filter("size", "<500KB", True)))),
        ('import:"My trip"', Query(filters=(Filter("import", "My trip"),))),
        ('import:"My ""best"" trip', Query(filters=(Filter("import", 'My "best" trip'),))),
        ('import:#12 """" ""', Query(((Term('"', quoted=True),),), filters=(Filter("import", "#12"),))),
        ("type:Picture type:photo", Query(filters=(Filter("type", "photo"),))),
        ("12:30", Query(((Term("12:30"),),))),
        ("a\0b", Query(((Term("a\N{REPLACEMENT CHARACTER}b"),),))),
    ],
)
def test_query_is_parsed(text: str, expected: Query) -> None:
    assert parse_query(text) == expected


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("x" * 201, "at most 200 characters"),
        ("a OR b OR c OR d OR e", "at most 4 alternatives"),
        ("colour:red", "put it in quotes"),
        ("type:song", "type:photo, type:video"),
        ("has:", "has:place, has:date"),
        ("taken:June", "taken:2024-06"),
        ("camera:", 'camera:"Pixel 8"'),
        ("import:", "import:Iceland"),
        ("size:10MB", "size:>10MB"),
        ("size:>big", "size:>10MB"),
    ],
)
def test_error_says_what_to_do(text: str, advice: str) -> None:
    with pytest.raises(QueryError, match=advice):
        parse_query(text)


PIECES = [
    "cat",
    "OR",
    "-",
    '"',
    " ",
    "taken:2024",
    "taken:2024-06..",
    'camera:"Pixel 8"',
    'album:"My ""best"" trip"',
    "has:place",
    "has:text",
    "type:video",
    "size:>1mb",
    ":",
]


@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=15).map("".join)))
def test_written_query_is_parsed_as_the_same_query(text: str) -> None:
    try:
        query = parse_query(text)
    except QueryError:
        return
    assert parse_query(str(query)) == query


@pytest.mark.parametrize(
    ("text", "query"),
    [("tabby cat", "tabby cat"), ("Trip: Rome", '"Trip: Rome"'), ("-1 °C", '"-1 °C"'), ('12" pizza', '"12"" pizza"')],
)
def test_text_with_a_meaning_in_queries_is_quoted(text: str, query: str) -> None:
    assert query_for(text) == query


def test_same_word_is_excluded_once_and_the_number_of_excluded_words_is_limited() -> None:
    assert str(parse_query('cat -dog -Dog -"dog" -DOG')) == 'cat -dog -"dog"'
    assert len(parse_query(" ".join(f"-w{number}" for number in range(MAX_EXCLUDED))).excluded) == MAX_EXCLUDED
    with pytest.raises(QueryError, match=f"Exclude at most {MAX_EXCLUDED} words"):
        parse_query(" ".join(f"-w{number}" for number in range(MAX_EXCLUDED + 1)))


def test_chip_is_removed_from_the_query() -> None:
    query = parse_query("beach -people type:video has:place")

    assert str(query.without(Filter("type", "video"))) == "beach -people has:place"
    assert str(query.without(Term("people"))) == "beach type:video has:place"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024", (date(2024, 1, 1), date(2025, 1, 1))),
        ("2024-12", (date(2024, 12, 1), date(2025, 1, 1))),
        ("2024-02-29", (date(2024, 2, 29), date(2024, 3, 1))),
        ("2024-06..2024-08", (date(2024, 6, 1), date(2024, 9, 1))),
        ("2024-06..", (date(2024, 6, 1), None)),
        ("..2023", (None, date(2024, 1, 1))),
    ],
)
def test_dates_and_ranges_are_read(text: str, expected: tuple[date | None, date | None]) -> None:
    assert parse_taken(text) == expected


@pytest.mark.parametrize(
    "text", ["", "..", "24", "2024-13", "2023-02-29", "2024-08..2024-06", "9999", "2024-6", "٢٠٢٤"]
)
def test_other_dates_are_refused(text: str) -> None:
    with pytest.raises(TakenError):
        parse_taken(text)


@given(st.dates(date(1000, 1, 1), date(9998, 12, 31)))
def test_every_day_is_in_its_month_and_its_year(day: date) -> None:
    for text in (f"{day:%Y}", f"{day:%Y-%m}", f"{day:%Y-%m-%d}"):
        first, after = parse_taken(text)
        assert first is not None
        assert after is not None
        assert first <= day < after
