"""Make text from outside (file names, models, servers) acceptable to PostgreSQL."""

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def storable(text: str) -> str:
    """Return `text` with each NUL and each lone surrogate replaced, which PostgreSQL rejects."""
    return "".join(REPLACEMENT if char == "\0" or "\ud800" <= char <= "\udfff" else char for char in text)
