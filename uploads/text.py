"""Words from outside (names, models, servers) on their way into rows."""

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def storable(words: str) -> str:
    """Return the words with a sign in place of each NUL and each half of a surrogate pair: PostgreSQL refuses them."""
    return "".join(REPLACEMENT if sign == "\0" or "\ud800" <= sign <= "\udfff" else sign for sign in words)
