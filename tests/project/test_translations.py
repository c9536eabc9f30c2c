"""The German translation is complete and compiled, and keeps all placeholders."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.message_catalogues import Entry, read_compiled, read_source

ROOT = Path(__file__).resolve().parents[2]
DOMAINS = ["django", "djangojs"]
PLACE = re.compile(r"%\(\w+\)[sd]|%%|<[^>]+>|`\w+`")
MARKED = {"_", "gettext", "gettext_lazy", "ngettext", "pgettext"}
ASIDE = ("bench", "tests", "tools", ".venv*", "var", "static/vendor")


def in_python() -> set[str]:
    """Return the messages that Python code passes to gettext; for a plural message, return the singular."""
    sources = [path for app in ("batches", "uploads", "vuemantics") for path in (ROOT / app).rglob("*.py")]
    calls = [node for path in sources for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    marked = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id in MARKED]
    texts = [call.args[call.func.id == "pgettext"] for call in marked if isinstance(call.func, ast.Name)]
    return {str(text.value) for text in texts if isinstance(text, ast.Constant)}


def in_templates() -> set[str]:
    """Return the messages in `translate` tags. The comparison with xgettext covers `blocktranslate` tags."""
    pages = "".join(path.read_text() for path in (ROOT / "templates").rglob("*.*"))
    return set(re.findall(r'{% translate "([^"]+)"', pages))


def in_scripts() -> set[str]:
    """Return the messages that scripts pass to gettext; for a plural message, return the singular."""
    scripts = "".join(path.read_text() for path in (ROOT / "static/upload").glob("*.js"))
    return set(re.findall(r'gettext\(\s*"([^"]+)"', scripts))


@pytest.mark.parametrize("domain", DOMAINS)
def test_every_entry_is_translated(domain: str) -> None:
    entries = read_source(domain)

    assert entries
    assert [entry.msgid for entry in entries if entry.fuzzy or not all(entry.msgstr) or not entry.msgstr] == []


@pytest.mark.parametrize("domain", DOMAINS)
def test_compiled_catalogue_matches_its_source(domain: str) -> None:
    compiled = read_compiled(domain)

    for entry in read_source(domain):
        assert translated(compiled, entry) == entry.msgstr, entry.msgid


def translated(compiled: object, entry: Entry) -> list[str]:
    """Return an entry's translations from the compiled catalogue, both singular and plural if it has a plural."""
    catalogue = compiled._catalog  # type: ignore[attr-defined]  # gettext() would return untranslated texts, too
    key = f"{entry.msgctxt}\4{entry.msgid}" if entry.msgctxt else entry.msgid
    return [catalogue.get((key, form)) for form in (0, 1)] if entry.msgid_plural else [catalogue.get(key)]


@pytest.mark.parametrize("domain", DOMAINS)
def test_translations_keep_placeholders(domain: str) -> None:
    for entry in read_source(domain):
        sources = [entry.msgid, entry.msgid_plural or entry.msgid]
        for source, text in zip(sources, entry.msgstr, strict=False):
            assert set(PLACE.findall(text)) == set(PLACE.findall(source)), entry.msgid


def test_every_text_of_the_sources_is_in_the_catalogue() -> None:
    msgids = {entry.msgid for entry in read_source("django")}

    assert in_python() | in_templates() <= msgids


def test_every_text_of_the_scripts_is_in_the_catalogue() -> None:
    assert in_scripts() == {entry.msgid for entry in read_source("djangojs")}


@pytest.mark.processes
@pytest.mark.skipif(shutil.which("xgettext") is None, reason="only with GNU gettext")
def test_catalogue_holds_what_xgettext_finds(tmp_path: Path) -> None:
    kept = {entry.msgid for entry in read_source("django")}
    for name in ("batches", "uploads", "vuemantics", "templates", "locale"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "manage.py", tmp_path)

    command = [sys.executable, "manage.py", "makemessages", "-l", "de", "--no-location", "--no-wrap"]
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "vuemantics.settings"}
    subprocess.run(command, cwd=tmp_path, env=env, check=True, capture_output=True)

    written = (tmp_path / "locale/de/LC_MESSAGES/django.po").read_text()
    assert "#~" not in written
    assert {ast.literal_eval(text) for text in re.findall(r'^msgid (".+")$', written, re.MULTILINE)} - {""} == kept
