"""The name of a batch: one line of at most MAX_NAME_LENGTH characters."""

MAX_NAME_LENGTH = 200


def clean_name(name: str) -> str:
    """Return a name on one line without unprintable characters; it may be blank or too long.

    A typed name that is too long is refused; a name taken from a folder is truncated (`truncate_name`).
    """
    return " ".join("".join(char if char.isprintable() else " " for char in name).split())


def truncate_name(name: str) -> str:
    """Return the name, or the beginning of a name that is too long, with an ellipsis."""
    return name if len(name) <= MAX_NAME_LENGTH else name[: MAX_NAME_LENGTH - 1] + "…"
