"""The words for codes of failures."""

import re
from pathlib import Path

import pytest

from batches.causes import CAUSES, may_pass, words_for
from batches.engine.arrive import MAY_COME_AGAIN

ROOT = Path(__file__).resolve().parent.parent
RAISED = re.compile(
    r'(?:PermanentError|GONE = |_Unusable|refuse_item\([^,]+,|_refuse\([^,]+,)\(?\s*"([a-z]+\.[a-z_]+)"'
)


def raised_codes() -> set[str]:
    """The codes that the sources give to files for good."""
    sources = [path for app in ("uploads", "batches") for path in (ROOT / app).rglob("*.py")]
    return {code for path in sources for code in RAISED.findall(path.read_text())}


def test_every_code_that_a_file_fails_with_has_words() -> None:
    codes = raised_codes()

    assert "item.gone" in codes
    assert codes | MAY_COME_AGAIN <= set(CAUSES)


@pytest.mark.parametrize("code", sorted(CAUSES))
def test_words_say_what_happened_and_what_to_do(code: str) -> None:
    words = words_for(code)

    assert words.title.endswith(".")
    assert words.advice.endswith(".")


def test_unknown_code_falls_back_to_the_message() -> None:
    words = words_for("model.answer", "The model gave no answer.")

    assert (words.title, words.advice, words.may_pass) == ("The model gave no answer.", "", True)


def test_unknown_code_without_a_message_still_has_words() -> None:
    assert words_for("new.code").title == "The file failed for an unknown reason."


def test_message_that_says_more_stands_beside_the_advice() -> None:
    words = words_for("file.unsupported", "This is a PDF, which cannot be read here.")

    assert words.title == "This kind of file is not taken."
    assert words.advice.startswith("Mend the file")
    assert words.detail == "This is a PDF, which cannot be read here."


@pytest.mark.parametrize("code", ["image.truncated", "image.corrupt", "image.bomb", "file.missing", "file.empty"])
def test_cause_within_the_bytes_does_not_pass(code: str) -> None:
    assert not may_pass(code)


@pytest.mark.parametrize("code", ["item.internal", "item.poison", "file.unreadable", "something.new"])
def test_cause_outside_the_bytes_may_pass(code: str) -> None:
    assert may_pass(code)
