"""The query language of search: parse what a user types.

    red car "golden gate" OR bridge -people taken:2024-06..2024-08 camera:"Pixel 8" type:photo has:place -has:date
    place:Lisbon album:Norway import:Iceland is:favourite orientation:portrait size:>10MB

Words are compared with what a picture shows and with its text. Quoted text must occur, and a term after a minus must
not. In quoted text, two quotation marks stand for one. OR separates alternatives. Filters apply to all alternatives.
"""

import re

from django.utils.translation import gettext as _

from uploads.search.query import Filter, Query, Term
from uploads.search.sizes import SizeError, parse_size
from uploads.search.taken import TakenError, parse_taken
from uploads.text import storable

MAX_LENGTH = 200
"""The maximum length of a query, in characters."""

MAX_ALTERNATIVES = 4
"""Each alternative is searched separately, so this limits how long a search takes."""

MAX_EXCLUDED = 8
"""Each excluded word may stand for hundreds of labels; see exclusions.py."""

CHOICES = {
    "type": {"photo": "photo", "picture": "photo", "image": "photo", "video": "video"},
    "is": {"favourite": "favourite", "favorite": "favourite"},
    "has": {"place": "place", "date": "date", "camera": "camera", "text": "text"},
    "orientation": {"landscape": "landscape", "portrait": "portrait", "square": "square"},
    "archived": {"yes": "yes", "no": "no"},
}
"""The allowed words of filters with fixed values, and the value that each word means."""

FILTERS = ("taken", "place", "camera", "album", "import", "type", "size", "is", "has", "orientation", "archived")

EXAMPLES = {
    "camera": 'camera:"Pixel 8"',
    "place": "place:Lisbon",
    "album": "album:Norway",
    "import": "import:Iceland",
}

_TOKEN = re.compile(
    r"""(?P<minus>-)?
        (?:(?P<filter>[A-Za-z]+):)?
        (?: "(?P<quoted>(?:[^"]|"")*)(?:"|$)  |  (?P<word>[^\s"]+) )?""",
    re.VERBOSE,
)


class QueryError(ValueError):
    """The query is invalid. The message says what is wrong and what to do, in the current language."""


def parse_query(text: str) -> Query:
    """Parse a query. An unclosed quote extends to the end, because results appear while users type.

    Raises QueryError.
    """
    if len(text) > MAX_LENGTH:
        raise QueryError(_("The search is too long. Use at most %(limit)s characters.") % {"limit": MAX_LENGTH})
    alternatives: list[list[Term]] = [[]]
    excluded: dict[tuple[str, bool], Term] = {}
    filters: list[Filter] = []
    for match in _TOKEN.finditer(storable(text)):
        value = " ".join((match["quoted"] or match["word"] or "").replace('""', '"').split())
        if match["filter"]:
            filters.append(_parse_filter(match["filter"].lower(), value, negated=bool(match["minus"])))
        elif match["word"] == "OR" and not match["minus"]:
            alternatives.append([])
        elif value:
            term = Term(value, quoted=match["word"] is None)
            if match["minus"]:
                excluded.setdefault((value.lower(), term.quoted), term)
            else:
                alternatives[-1].append(term)
    filled = tuple(tuple(terms) for terms in alternatives if terms)
    return _limited(Query(filled, tuple(excluded.values()), tuple(dict.fromkeys(filters))))


def _limited(query: Query) -> Query:
    if len(query.alternatives) > MAX_ALTERNATIVES:
        raise QueryError(_("Use at most %(limit)s alternatives separated by OR.") % {"limit": MAX_ALTERNATIVES})
    if len(query.excluded) > MAX_EXCLUDED:
        raise QueryError(_("Exclude at most %(limit)s words.") % {"limit": MAX_EXCLUDED})
    return query


def query_for(text: str) -> str:
    """Return a query for the words of `text`, in quotes if some of them have a meaning in the query language."""
    words = Query((tuple(map(Term, text.split())),))
    try:
        has_meaning = parse_query(text) != words
    except QueryError:
        has_meaning = True
    return str(Term(text, quoted=True)) if has_meaning else text


def _parse_filter(name: str, value: str, *, negated: bool) -> Filter:
    if name in CHOICES:
        value = _choose(name, value)
    elif name in EXAMPLES and not value:
        raise QueryError(
            _("The filter “%(name)s:” needs a name, such as %(example)s.") % {"name": name, "example": EXAMPLES[name]}
        )
    elif name == "taken":
        value = _parse_taken(value)
    elif name == "size":
        value = _parse_size(value)
    elif name not in FILTERS:
        raise QueryError(
            _("There is no filter “%(name)s:”. Available filters: %(filters)s. To find this text, put it in quotes.")
            % {"name": name, "filters": ", ".join(f"{known}:" for known in FILTERS)}
        )
    return Filter(name, value, negated)


def _choose(name: str, value: str) -> str:
    try:
        return CHOICES[name][value.lower()]
    except KeyError:
        choices = ", ".join(f"{name}:{choice}" for choice in dict.fromkeys(CHOICES[name].values()))
        raise QueryError(
            _("“%(filter)s” is unknown. Use one of: %(choices)s.") % {"filter": f"{name}:{value}", "choices": choices}
        ) from None


def _parse_taken(value: str) -> str:
    try:
        parse_taken(value)
    except TakenError:
        raise QueryError(
            _(
                "“taken:%(value)s” is not a date. Write taken:2024, taken:2024-06, taken:2024-06-18, or a range such "
                "as taken:2024-06..2024-08."
            )
            % {"value": value}
        ) from None
    return value


def _parse_size(value: str) -> str:
    try:
        parse_size(value)
    except SizeError:
        raise QueryError(
            _("“size:%(value)s” is not a size. Write size:>10MB or size:<500KB.") % {"value": value}
        ) from None
    return value.upper()
