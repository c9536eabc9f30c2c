"""The name of a batch: one line of at most LONGEST_NAME letters."""

LONGEST_NAME = 200


def one_line(wished: str) -> str:
    """Return a wished name on one line, without signs that cannot be printed; it may be blank, or too long.

    Who types a name for a batch that is there is told that it is too long; a batch that is begun is often named after
    a folder, and `open_batch` cuts it.
    """
    return " ".join("".join(sign if sign.isprintable() else " " for sign in wished).split())
