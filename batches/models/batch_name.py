"""Clean and truncate batch names. A name is one line of at most MAX_NAME_LENGTH characters."""

MAX_NAME_LENGTH = 200


def clean_name(name: str) -> str:
    """Return the name as one line without unprintable characters. The result may be blank or too long.

    Callers reject a name that is too long if a user typed it, but truncate a folder's name (`truncate_name`).
    """
    return " ".join("".join(char if char.isprintable() else " " for char in name).split())


def truncate_name(name: str) -> str:
    """Truncate a name that is too long and end it with an ellipsis."""
    return name if len(name) <= MAX_NAME_LENGTH else name[: MAX_NAME_LENGTH - 1] + "…"
