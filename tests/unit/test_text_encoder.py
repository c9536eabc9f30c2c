import numpy as np
import pytest

from uploads.analysis.base import DIMENSIONS
from uploads.analysis.model_files import read_weights
from uploads.analysis.text_encoder import TextEncoder, WordPiece
from uploads.analysis.vocabulary import load_vocabulary


@pytest.fixture(scope="session")
def encoder() -> TextEncoder:
    return TextEncoder()


@pytest.fixture(scope="session")
def pieces() -> list[str]:
    """The tokenizer's shipped vocabulary."""
    return read_weights("wordpiece_vocab.txt").decode().split("\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Golden retrievers", "[CLS] golden retrieve ##rs [SEP]"),
        ("  naïve\tCafé\n", "[CLS] naive cafe [SEP]"),
        ("don't—stop", "[CLS] don ' t — stop [SEP]"),
        ("東京", "[CLS] 東 京 [SEP]"),
        ("a\u200bb\x07", "[CLS] ab [SEP]"),
        ("x" * 101, "[CLS] [UNK] [SEP]"),
        ("", "[CLS] [SEP]"),
    ],
)
def test_tokenizer_splits_text_as_the_model_expects(text: str, expected: str, pieces: list[str]) -> None:
    assert " ".join(pieces[id] for id in WordPiece(pieces).encode(text)) == expected


def test_long_text_is_truncated_before_the_end_token(pieces: list[str]) -> None:
    tokens = WordPiece(pieces).encode("sea " * 500, max_tokens=10)

    assert len(tokens) == 10
    assert pieces[tokens[-1]] == "[SEP]"


def test_phrase_vectors_match_this_model(encoder: TextEncoder) -> None:
    vocabulary = load_vocabulary()

    for row in (0, 281, 999):
        vector = encoder.encode(f"a photo of {vocabulary.labels[row]}")
        assert np.dot(vector, vocabulary.vectors[row]) == pytest.approx(1, abs=1e-3)


def test_similar_texts_have_similar_vectors(encoder: TextEncoder) -> None:
    kitten, cat, invoice = (np.array(encoder.encode(text)) for text in ("a kitten", "a small cat", "an unpaid invoice"))

    assert len(kitten) == DIMENSIONS
    assert np.linalg.norm(kitten) == pytest.approx(1, abs=1e-5)
    assert kitten @ cat > kitten @ invoice + 0.3
