"""The texts for error codes."""

import ast
import re
from pathlib import Path

import pytest

from batches.models.error_codes import ERROR_CODES, RESENDABLE_CODES, error_text, is_retryable

ROOT = Path(__file__).resolve().parents[2]
CODE = re.compile(r"(?:file|image|item|quota|storage|upload)\.[a-z_]+")
NOT_OF_FILES = {
    # Codes of refused commands.
    *{"item.completed", "item.not_failed", "item.not_stored", "item.permanent", "upload.busy", "upload.too_many"},
    # Codes of protocol errors at the tus endpoint.
    *{"upload.complete", "upload.unknown"},
    # Errors that make workers wait instead of failing a file.
    *{"storage.temp_full", "storage.unreadable"},
}


def codes_of_files() -> set[str]:
    """Return the error codes in the source code for files that are refused or fail."""
    sources = [
        path for app in ("uploads", "batches") for path in (ROOT / app).rglob("*.py") if path.stem != "error_codes"
    ]
    nodes = [node for path in sources for node in ast.walk(ast.parse(path.read_text()))]
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {text for text in texts if CODE.fullmatch(text)} - NOT_OF_FILES


def test_every_code_that_refuses_or_fails_a_file_has_a_text() -> None:
    codes = codes_of_files()

    assert {"item.gone", "image.bomb", "quota.exceeded"} | RESENDABLE_CODES <= codes
    assert codes - set(ERROR_CODES) == set()


def test_every_code_is_used() -> None:
    assert set(ERROR_CODES) - codes_of_files() == set()


@pytest.mark.parametrize("code", sorted(ERROR_CODES))
def test_texts_say_what_happened_and_what_to_do(code: str) -> None:
    words = error_text(code)

    assert words.title.endswith(".")
    assert words.advice.endswith(".")


def test_unknown_code_falls_back_to_the_message() -> None:
    words = error_text("model.answer", "The model gave no answer.")

    assert (words.title, words.advice, words.retryable) == ("The model gave no answer.", "", True)


def test_unknown_code_without_a_message_has_a_text() -> None:
    assert error_text("new.code").title == "The file failed for an unknown reason."


def test_message_with_details_is_shown_beside_the_advice() -> None:
    words = error_text("file.unsupported", "This is a PDF, which cannot be read here.")

    assert words.title == "This file type is not supported."
    assert words.advice.startswith("Export it as JPEG")
    assert words.detail == "This is a PDF, which cannot be read here."


@pytest.mark.parametrize("code", ["image.truncated", "image.corrupt", "image.bomb", "file.missing", "file.empty"])
def test_error_in_the_bytes_is_permanent(code: str) -> None:
    assert not is_retryable(code)


@pytest.mark.parametrize("code", ["item.internal", "item.poison", "file.unreadable", "something.new"])
def test_error_outside_the_bytes_is_temporary(code: str) -> None:
    assert is_retryable(code)
