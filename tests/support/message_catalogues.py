"""Read translation catalogues: the source (.po) and the compiled file (.mo)."""

import ast
import gettext
import re
from dataclasses import dataclass, field
from pathlib import Path

LOCALE = Path(__file__).resolve().parents[2] / "locale"
_LINE = re.compile(r'(?:(msgctxt|msgid_plural|msgid|msgstr)(?:\[\d])? )?(".*")')


@dataclass
class Entry:
    """A message with its optional context and plural, and its translations, one for each plural form."""

    fuzzy: bool = False
    msgctxt: str = ""
    msgid: str = ""
    msgid_plural: str = ""
    msgstr: list[str] = field(default_factory=list)

    def add(self, key: str, text: str) -> None:
        """Set the field `key`; for `msgstr`, add the next plural form."""
        if key == "msgstr":
            self.msgstr.append(text)
        else:
            setattr(self, key, text)

    def extend(self, key: str, text: str) -> None:
        """Append a continuation line to the field `key`; for `msgstr`, to the last plural form."""
        if key == "msgstr":
            self.msgstr[-1] += text
        else:
            setattr(self, key, getattr(self, key) + text)


def read_source(domain: str, language: str = "de") -> list[Entry]:
    """Return the entries of a .po file, without its header and without obsolete entries."""
    blocks = _path(domain, language, "po").read_text().split("\n\n")
    return [entry for entry in map(_entry, blocks) if entry.msgid]


def read_compiled(domain: str, language: str = "de") -> gettext.GNUTranslations:
    with _path(domain, language, "mo").open("rb") as file:
        return gettext.GNUTranslations(file)


def _path(domain: str, language: str, kind: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / f"{domain}.{kind}"


def _entry(block: str) -> Entry:
    entry, key = Entry(), ""
    for line in block.splitlines():
        entry.fuzzy |= line.startswith("#,") and "fuzzy" in line
        match = _LINE.match(line)
        if match is None:
            continue
        text = ast.literal_eval(match[2])
        if match[1]:
            key = match[1]
            entry.add(key, text)
        else:
            entry.extend(key, text)
    return entry
