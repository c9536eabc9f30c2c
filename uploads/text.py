"""Make external text (file names, output of models and servers) acceptable to PostgreSQL."""

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def storable(text: str) -> str:
    """Return `text` with NULs and lone surrogates replaced, because PostgreSQL rejects them."""
    return "".join(REPLACEMENT if char == "\0" or "\ud800" <= char <= "\udfff" else char for char in text)
