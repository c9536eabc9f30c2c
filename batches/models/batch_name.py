"""The name of a batch: one line of at most LONGEST_NAME letters."""

MAX_NAME_LENGTH = 200


def clean_name(wished: str) -> str:
    """Return a wished name on one line, without signs that cannot be printed; it may be blank, or too long.

    Who gives a batch another name is told when it is too long; one that is begun is often named after a folder: `cut`.
    """
    return " ".join("".join(sign if sign.isprintable() else " " for sign in wished).split())


def truncate_name(name: str) -> str:
    """Return the name, or the beginning of one that is too long, with a mark that something is left out."""
    return name if len(name) <= MAX_NAME_LENGTH else name[: MAX_NAME_LENGTH - 1] + "…"
