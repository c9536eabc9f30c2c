"""Expand an excluded term to related words: “-people” also excludes “person”, and “-dog” also excludes “terrier”."""

from collections import defaultdict
from collections.abc import Mapping
from functools import cache

from django.contrib.postgres.search import SearchQuery, SearchQueryCombinable

from uploads.analysis.vocabulary import load_vocabulary
from uploads.search.query import Term
from uploads.search.words import split_words, text_query
from uploads.text import fold

# PostgreSQL's English configuration already treats a word and its regular plural as equal.
_IRREGULAR_PLURALS = {"person": "people", "man": "men", "woman": "women", "child": "children", "foot": "feet",
                      "goose": "geese", "mouse": "mice", "wolf": "wolves", "calf": "calves", "leaf": "leaves",
                      "knife": "knives", "shelf": "shelves", "tooth": "teeth"}  # fmt: skip
_OTHER_NUMBER = _IRREGULAR_PLURALS | {plural: singular for singular, plural in _IRREGULAR_PLURALS.items()}


def excluding_query(term: Term) -> SearchQueryCombinable | None:
    """Return the condition that a picture's words contain `term` or a label of the kind that `term` names.

    Return None if no word of `term` is indexed.

    Quoted text is not expanded. A word also excludes its plural or singular and, if it is a kind in the vocabulary, all
    labels of that kind.
    """
    words = text_query(term)
    if words is None or term.quoted:
        return words
    phrases = [
        phrase
        for name in _forms(split_words(fold(term.wording)).lower())
        for phrase in (name, *_labels_by_kind().get(name, ()))
    ]
    # Combine the phrases into one query, because a kind may have more than a hundred labels.
    raw = " | ".join(f"({' <-> '.join(split_words(phrase).split())})" for phrase in dict.fromkeys(phrases))
    return words | SearchQuery(raw, config="english", search_type="raw")


def _forms(text: str) -> list[str]:
    """Return `text`, followed by texts that may be its singular or plural."""
    *first, last = text.split()
    others = [_OTHER_NUMBER.get(last, ""), last.removesuffix("s"), last.removesuffix("es"), f"{last}s"]
    return list(dict.fromkeys([text, *(" ".join([*first, other]) for other in others if other)]))


@cache
def _labels_by_kind() -> Mapping[str, tuple[str, ...]]:
    """Return the labels of each kind in the embedded analyzer's vocabulary, such as dog breeds."""
    vocabulary = load_vocabulary()
    found: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
    for row, kind in enumerate(vocabulary.kinds):
        names = tuple(vocabulary.labels[label] for label in vocabulary.membership[row].nonzero()[0])
        for name in kind.split(", "):
            found[name] += names
    return found
