"""Encode text as vectors that can be compared with those of pictures: all-MiniLM-L6-v2 and its tokenizer.

The tokenizer is BERT's uncased WordPiece (Devlin et al. 2018, arXiv:1810.04805, section 3).
"""

import unicodedata
from collections.abc import Iterator

import numpy as np

from uploads.analysis.model_files import OnnxModel, read_weights

_LONGEST_WORD = 100
_ASCII_SYMBOLS = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
# Scripts without spaces: every character is a word. The blocks of CJK ideographs.
_IDEOGRAPHS = (
    range(0x3400, 0x4DC0),
    range(0x4E00, 0xA000),
    range(0xF900, 0xFB00),
    range(0x20000, 0x2A6E0),
    range(0x2A700, 0x2CEB0),
    range(0x2F800, 0x2FA20),
)


class TextEncoder:
    """Thread-safe; make one per process (60 ms, 40 MB); a question takes 2 ms.

    Raises EnvironmentalError `analysis.weights` when it is made without its weights.
    """

    def __init__(self) -> None:
        self._pieces = WordPiece(read_weights("wordpiece_vocab.txt").decode().split("\n"))
        self._session = OnnxModel("all_minilm_l6_v2.onnx")

    def encode(self, text: str) -> tuple[float, ...]:
        """Return the vector of `text`: 384 numbers of unit length; only about its first 100 words count."""
        numbers = np.array([self._pieces.encode(text)], np.int64)
        [vectors] = self._session.run(["embedding"], numbers, np.ones_like(numbers))
        return tuple(vectors[0].tolist())


class WordPiece:
    """A tokenizer for a vocabulary of pieces in the order of their numbers; "##" begins one inside a word."""

    def __init__(self, pieces: list[str]) -> None:
        self._numbers = {piece: number for number, piece in enumerate(pieces)}
        self._unknown, self._start, self._end = (self._numbers[name] for name in ("[UNK]", "[CLS]", "[SEP]"))

    def encode(self, text: str, longest: int = 128) -> list[int]:
        """Return the numbers of the pieces of `text` between those of start and end, `longest` at most."""
        numbers = [self._start]
        for word in _words(text):
            numbers += self._pieces(word)
            if len(numbers) >= longest:
                break
        return [*numbers[: longest - 1], self._end]

    def _pieces(self, word: str) -> list[int]:
        """Return the longest pieces from the left, or the unknown one if they do not cover `word`."""
        if len(word) > _LONGEST_WORD:
            return [self._unknown]
        numbers: list[int] = []
        start = 0
        while start < len(word):
            mark = "##" if start else ""
            ends = range(len(word), start, -1)
            end = next((end for end in ends if mark + word[start:end] in self._numbers), None)
            if end is None:
                return [self._unknown]
            numbers.append(self._numbers[mark + word[start:end]])
            start = end
        return numbers


def _words(text: str) -> Iterator[str]:
    spaced = "".join(f" {char} " if _is_ideograph(char) else char for char in _cleaned(text))
    plain = unicodedata.normalize("NFD", spaced)
    plain = "".join(char for char in plain if unicodedata.category(char) != "Mn").lower()
    yield from "".join(f" {char} " if _is_symbol(char) else char for char in plain).split()


def _cleaned(text: str) -> Iterator[str]:
    for char in text:
        if char in "\t\n\r" or unicodedata.category(char) == "Zs":
            yield " "
        elif char != "\ufffd" and not unicodedata.category(char).startswith("C"):
            yield char


def _is_ideograph(char: str) -> bool:
    return any(ord(char) in block for block in _IDEOGRAPHS)


def _is_symbol(char: str) -> bool:
    return char in _ASCII_SYMBOLS or unicodedata.category(char).startswith("P")
