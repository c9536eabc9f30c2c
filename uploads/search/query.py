"""A parsed query, and its text in the query language (see language.py), for links and saved searches."""

import re
from dataclasses import dataclass

_NEEDS_NO_QUOTES = re.compile(r'[^\s"]+')


@dataclass(frozen=True, slots=True)
class Term:
    """A word or quoted text. `english` is its translation: None if it has none, "" for an article."""

    text: str
    quoted: bool = False
    english: str | None = None

    @property
    def wording(self) -> str:
        """The English translation if it is known, else the text."""
        return self.text if self.english is None else self.english

    def __str__(self) -> str:
        return _quote(self.text) if self.quoted else self.text


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition such as `type:video`. `name` is one of language.FILTERS, and `value` is valid for it."""

    name: str
    value: str
    negated: bool = False

    def __str__(self) -> str:
        value = self.value if _NEEDS_NO_QUOTES.fullmatch(self.value) else _quote(self.value)
        return f"{'-' if self.negated else ''}{self.name}:{value}"


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query. `str()` formats it so that parse_query() returns an equal query, but without translations."""

    alternatives: tuple[tuple[Term, ...], ...] = ()
    excluded: tuple[Term, ...] = ()
    filters: tuple[Filter, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.alternatives or self.excluded or self.filters)

    def __str__(self) -> str:
        words = " OR ".join(" ".join(map(str, terms)) for terms in self.alternatives)
        return " ".join(filter(None, (words, *(f"-{term}" for term in self.excluded), *map(str, self.filters))))

    @property
    def words(self) -> str:
        """The query without its filters and exclusions."""
        return str(Query(self.alternatives))

    def filtered_by(self, names: tuple[str, ...]) -> "Query":
        """Return a query with only the filters that have one of these names."""
        return Query(filters=tuple(one for one in self.filters if one.name in names))

    def with_filter(self, added: Filter) -> "Query":
        return Query(self.alternatives, self.excluded, (*self.filters, added))

    def without(self, removed: Filter | Term) -> "Query":
        """Return this query without one of its filters or excluded terms."""
        excluded = tuple(term for term in self.excluded if term != removed)
        return Query(self.alternatives, excluded, tuple(one for one in self.filters if one != removed))


def _quote(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
