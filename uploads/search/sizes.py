"""Conditions on file size in queries: `>10MB`, `<500KB`, `>1.5GB`."""

import re

_UNITS = {"KB": 2**10, "MB": 2**20, "GB": 2**30}
_SIZE = re.compile(r"([<>])([0-9]{1,6}(?:\.[0-9]{1,3})?)(KB|MB|GB)", re.ASCII)


class SizeError(ValueError):
    """The text is not a valid size limit."""


def parse_size(text: str) -> tuple[str, int]:
    """Return the ORM lookup, "gt" or "lt", and the number of bytes. Raises SizeError."""
    found = _SIZE.fullmatch(text.upper())
    if found is None:
        raise SizeError(text)
    return "gt" if found[1] == ">" else "lt", round(float(found[2]) * _UNITS[found[3]])
