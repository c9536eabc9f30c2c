"""Extract and check what a model server answered. For unusable answers, raise TransientError `model.answer`."""

import math
import re
from typing import Any

from uploads.errors import TransientError
from uploads.text import storable

MAX_CHARACTERS = 2000
MAX_DIMENSIONS = 16_000
"""The maximum number of dimensions of pgvector's halfvec."""

_MAX_READ = 32 * MAX_CHARACTERS  # an answer may include the model's reasoning
_THOUGHTS = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)
_QUOTED = re.compile(r"([\"'`]{1,3})(.*)\1")
_SENTENCE_END = re.compile(r"[.!?…。](?=\s|$)")


def unusable(problem: str) -> TransientError:
    """Return the error for an answer that cannot be used; `problem` completes "The model's answer is unusable: …"."""
    return TransientError("model.answer", problem=problem)


def find(answer: Any, *path: str | int) -> Any:
    """Return the value at `path` in a JSON answer; `path` consists of object keys and list positions."""
    for step in path:
        try:
            answer = answer[step]
        except (KeyError, IndexError, TypeError):
            raise unusable(f"it has no “{step}”") from None
    return answer


def clean_text(answer: Any, *, finished: bool) -> str:
    """Return the description in an answer. If it is not `finished` or is too long, drop the unfinished sentence."""
    if not isinstance(answer, str):
        raise unusable("it contains no text")
    text = " ".join(_THOUGHTS.sub("", storable(answer[:_MAX_READ])).split())
    if quoted := _QUOTED.fullmatch(text):
        text = quoted[2]
    if not finished or len(text) > MAX_CHARACTERS:
        text = text[:MAX_CHARACTERS]
        ends = [match.end() for match in _SENTENCE_END.finditer(text)]
        text = text[: ends[-1]] if ends else text
    if not text:
        raise unusable("it is empty")
    return text


def unit_vector(numbers: Any) -> tuple[float, ...]:
    """Return the vector in an answer, scaled to unit length."""
    if not isinstance(numbers, list) or not numbers or not all(isinstance(one, int | float) for one in numbers):
        raise unusable("it contains no vector")
    if len(numbers) > MAX_DIMENSIONS:
        raise unusable(f"its vector has more than {MAX_DIMENSIONS:,} numbers")
    try:
        length = math.hypot(*numbers)
    except OverflowError:
        length = math.inf
    if not 0 < length < math.inf:
        raise unusable("its vector has no direction")
    return tuple(one / length for one in numbers)
