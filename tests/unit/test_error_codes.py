"""Every error code has one message, in one of the two modules named `error_codes.py`, and is permanent or temporary."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from batches.engine.stall_reason import DEPENDENCIES
from batches.models.error_codes import (
    ERROR_CODES,
    REFUSALS,
    default_message,
    error_text,
    is_retryable,
)
from uploads.error_codes import OUTAGES

ROOT = Path(__file__).resolve().parents[2]
TABLES = [ROOT / "batches/models/error_codes.py", ROOT / "uploads/error_codes.py"]
CODES = {*ERROR_CODES, *REFUSALS, *OUTAGES}
CODE = re.compile(rf"(?:{'|'.join({code.partition('.')[0] for code in CODES})})\.[a-z_]+")
NOT_CODES = {"batch.changed", "auth.view_user", "auth.change_user"}


@cache
def nodes(path: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(path.read_text())))


def is_code(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(CODE.fullmatch(node.value))


def sources() -> list[Path]:
    return [path for app in ("uploads", "batches") for path in (ROOT / app).rglob("*.py") if path not in TABLES]


def codes_in_use() -> set[str]:
    found = {ast.literal_eval(ast.unparse(node)) for path in sources() for node in nodes(path) if is_code(node)}
    return found - NOT_CODES


def test_every_code_in_use_has_a_message_and_every_message_is_used() -> None:
    assert codes_in_use() == CODES


def test_each_code_is_in_one_table_once() -> None:
    keys = [
        key.value
        for path in TABLES
        for node in nodes(path)
        if isinstance(node, ast.Dict)
        for key in node.keys
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
    ]

    assert sorted(keys) == sorted(CODES)


def test_no_call_passes_a_message_beside_its_code() -> None:
    calls = [node for path in sources() for node in nodes(path) if isinstance(node, ast.Call)]
    with_code = [call for call in calls if any(is_code(argument) for argument in call.args)]

    messages = [
        ast.unparse(call)
        for call in with_code
        for argument in call.args
        if isinstance(argument, ast.JoinedStr) or (isinstance(argument, ast.Constant) and " " in str(argument.value))
    ]

    assert with_code
    assert messages == []


def test_message_has_the_details_of_one_file() -> None:
    message = default_message("file.too_large", size="5 MB", limit="1 MB")

    assert message == "The file is 5 MB; the limit is 1 MB."


@pytest.mark.parametrize("code", sorted(ERROR_CODES))
def test_texts_say_what_happened_and_what_to_do(code: str) -> None:
    texts = error_text(code)

    assert texts.title.endswith(".")
    assert texts.advice.endswith(".")


def test_unknown_code_falls_back_to_the_message() -> None:
    texts = error_text("tape.answer", "The tape gave no answer.")

    assert (texts.title, texts.advice, texts.retryable) == ("The tape gave no answer.", "", True)


def test_unknown_code_without_a_message_has_a_text() -> None:
    assert error_text("new.code").title == "Processing this file failed for an unknown reason."


def test_message_with_details_is_shown_beside_the_advice() -> None:
    texts = error_text("file.unsupported", "This is a PDF, which cannot be read here.")

    assert texts.title == "This file type is not supported."
    assert texts.advice.startswith("Export it as JPEG")
    assert texts.detail == "This is a PDF, which cannot be read here."


@pytest.mark.parametrize("code", ["image.truncated", "image.corrupt", "image.bomb", "file.missing", "file.empty"])
def test_error_in_the_bytes_is_permanent(code: str) -> None:
    assert not is_retryable(code)


@pytest.mark.parametrize(
    "code", ["analysis.answer", "item.internal", "item.poison", "file.unreadable", "something.new"]
)
def test_error_outside_the_bytes_is_temporary(code: str) -> None:
    assert is_retryable(code)


def test_stalled_batches_name_the_dependency_of_every_outage() -> None:
    assert {code.partition(".")[0] for code in OUTAGES} <= DEPENDENCIES.keys()
