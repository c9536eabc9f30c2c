"""Score a description from 0 (unusable) to 100. Pure functions only.

A description starts with 100 points and loses points for each sign of an unusable answer. Answers that are not a
description (a refusal, empty text, endless repetition) score below 40. A correct sentence that is merely short or
mentions none of the recognised labels scores above 60.
"""

import re
from collections.abc import Iterable

from uploads.analysis.base import Label

_WORD = re.compile(r"[^\W\d_]+")
_REFUSAL = re.compile(
    r"\b(?:i(?:'m| am) (?:sorry|unable|not able)"
    r"|i (?:can(?:no|')t|could not|couldn't|do not have|don't have|apologi[sz]e)"
    r"|as an ai|unable to (?:see|view|describe|assist|help|process)"
    r"|no image (?:was|is|has been)|please (?:provide|upload)"
    r"|tut mir leid|ich kann (?:nicht|kein|dieses|das|diese)|je (?:suis désolé|ne peux pas)|lo siento|no puedo)\b"
)
_BOILERPLATE = (
    re.compile(r"^(?:sure|certainly|of course|okay|ok|here(?:'s| is)|description|answer|gerne|natürlich|hier ist)\b"),
    re.compile(r"\b(?:let me know|hope this helps|feel free|any (?:other|more|further) questions)\b"),
    re.compile(r"\*\*|^#|^[-*] |```|<\|?/?[a-z_]+\|?>|^\s*[{\[]|https?://", re.MULTILINE),
)
_ENDS = (".", "!", "?", "…", "。", '."', ".”", ".)")
_FEW, _SOME, _MANY, _TOO_MANY = 3, 5, 150, 300
_SURE_LABEL = 0.5
_PHRASE = 3


def audit(text: str, labels: Iterable[Label] = ()) -> int:
    """Return the score of a description. `labels` are the picture's labels, in the same language as the description."""
    # Models write both straight and curly apostrophes.
    plain = text.strip().casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    words = _WORD.findall(plain)
    if not words:
        return 0
    lost = (
        _length_penalty(len(words))
        + _repetition_penalty(words)
        + (80 if _REFUSAL.search(plain) else 0)
        + sum(20 for sign in _BOILERPLATE if sign.search(plain))
        + (0 if plain.endswith(_ENDS) else 10)
        + (40 if sum(map(len, words)) < len(plain) / 2 else 0)
        + _disagreement_penalty(words, labels)
    )
    return max(0, 100 - lost)


def _length_penalty(words: int) -> int:
    if words < _SOME:
        return 30 if words < _FEW else 15
    if words > _MANY:
        return 40 if words > _TOO_MANY else 15
    return 0


def _repetition_penalty(words: list[str]) -> int:
    """Return a penalty of 0 to 80 points, which grows with the share of repeated phrases."""
    phrases = list(zip(*(words[start:] for start in range(_PHRASE)), strict=False))
    if not phrases:
        return 0
    repeated = 1 - len(set(phrases)) / len(phrases)
    # Long descriptions repeat phrases such as "in the background", even if they are good.
    return min(80, round(160 * max(0.0, repeated - 0.1)))


def _disagreement_penalty(words: list[str], labels: Iterable[Label]) -> int:
    """Return a penalty if there are labels with high scores and the description mentions none of them.

    The penalty is small, because the description may use synonyms.
    """
    sure = [_WORD.findall(label.name.casefold()) for label in labels if label.score >= _SURE_LABEL]
    stems = {_stem(word) for word in words}
    return 20 if sure and not any(_stem(word) in stems for name in sure for word in name) else 0


def _stem(word: str) -> str:
    """Return `word` without a plural ending."""
    return re.sub(r"(?<=..)(?:e?s)$", "", word)
