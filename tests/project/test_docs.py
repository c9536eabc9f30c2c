"""Settings, variables, dependencies, formats, links, commands and modules in the documentation match the code."""

import re
import tomllib
from pathlib import Path

import pytest
from django.core.management import get_commands

from uploads.media.formats import FORMATS

ROOT = Path(__file__).resolve().parents[2]
PAGES = ["README.md", "CHANGELOG.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]
READING = re.compile(r"""(?:environ\[|environ\.get\(|\benv\.[a-z_]+\()\s*["']([A-Z0-9_]+)["']""")


def section(page: str, title: str) -> str:
    """Return the text of a section, without its heading."""
    return (ROOT / page).read_text().split(f"\n## {title}\n")[1].split("\n## ")[0]


def first_column(text: str) -> list[str]:
    """Return the first cell of each row of a table, without the heading."""
    return [line.split("|")[1].strip().strip("`") for line in text.splitlines() if line.startswith("| ")][1:]


def documented_settings() -> list[str]:
    return first_column((ROOT / "docs/settings.md").read_text())


def test_settings_table_lists_the_variables_that_settings_read() -> None:
    table = documented_settings()

    assert len(table) == len(set(table))
    assert set(table) == set(READING.findall((ROOT / "vuemantics" / "settings.py").read_text()))


def test_no_other_module_reads_further_variables() -> None:
    sources = [path for app in ("vuemantics", "uploads", "batches") for path in (ROOT / app).rglob("*.py")]
    read = {name for path in sources for name in READING.findall(path.read_text())}

    assert read - set(documented_settings()) <= {"PATH"}


def test_variables_of_tests_and_benchmarks_are_documented() -> None:
    makefile = (ROOT / "Makefile").read_text()
    sources = [path for folder in ("tests", "bench") for path in (ROOT / folder).rglob("*.py")]
    read = {name for path in sources for name in re.findall(r'environ\.get\("([A-Z_]+)", "', path.read_text())}
    table = set(first_column(section("docs/contributing.md", "Variables for tests and benchmarks")))

    assert table >= set(re.findall(r"\$\((?:or \$\()?((?:TEST|CHAOS)_[A-Z_]+|JOBS)", makefile))
    assert table >= read - {"VUEMANTICS_VAR"}
    assert all(name in makefile + "".join(path.read_text() for path in sources) for name in table)


def test_every_dependency_is_explained() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project, ocr = pyproject["project"], pyproject["dependency-groups"]["ocr"]
    extras = [line for extra in project["optional-dependencies"].values() for line in extra]
    lines = [*project["dependencies"], *extras, *ocr]
    names = {re.split(r"[\[<>=;~! ]", line)[0] for line in lines}

    assert set(first_column(section("docs/contributing.md", "Why these libraries"))) == names


def test_readme_lists_the_supported_formats() -> None:
    listed = (ROOT / "README.md").read_text().split("including subfolders:")[1].split(". ZIP archives")[0]
    names = re.split(r",\s+|\s+and\s+", re.sub(r"\s+\([^)]*\)", "", listed.strip()))

    assert names == list(dict.fromkeys(entry.name for entry in FORMATS.values()))


def test_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150


@pytest.mark.parametrize("page", PAGES)
def test_links_within_the_project_exist(page: str) -> None:
    text = (ROOT / page).read_text()
    links = [link for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text) if "://" not in link]

    assert [link for link in links if not (ROOT / page).parent.joinpath(link).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_commands_exist(page: str) -> None:
    text = (ROOT / page).read_text()
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))

    assert set(re.findall(r"(?:^    |`)make ([a-z-]+)", text, flags=re.MULTILINE)) <= targets
    assert set(re.findall(r"manage\.py ([a-z_]+)", text)) <= set(get_commands())


@pytest.mark.parametrize("page", PAGES)
def test_modules_exist(page: str) -> None:
    text = (ROOT / page).read_text()
    modules = re.findall(r"`((?:batches|uploads|vuemantics|tests|bench|tools)/[\w/.]+?)/?`", text)

    assert [module for module in modules if not (ROOT / module).exists()] == []
