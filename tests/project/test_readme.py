"""README.md says what is so."""

import re
import tomllib
from pathlib import Path

import pytest
from django.core.management import get_commands

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
READERS = r"(?:environ\.get|flag|numbers?|whole|url|origin|log_level|language|time_zone|secret_key)\("
READING = re.compile(rf"""(?:environ\[|{READERS})\s*["']([A-Z0-9_]+)["']""")


def section(title: str) -> str:
    """The text below a heading."""
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def first_column(text: str) -> list[str]:
    """What the rows of a table are about."""
    return [line.split("|")[1].strip().strip("`") for line in text.splitlines() if line.startswith("| ")][1:]


def test_settings_table_and_settings_name_the_same_variables() -> None:
    table = first_column(section("Settings"))
    read = set(READING.findall((ROOT / "vuemantics" / "settings.py").read_text()))

    assert len(table) == len(set(table))
    assert set(table) == read


def test_no_other_module_reads_a_variable_of_its_own() -> None:
    table = set(first_column(section("Settings")))
    sources = [path for app in ("vuemantics", "uploads", "batches") for path in (ROOT / app).rglob("*.py")]
    read = {name for path in sources for name in READING.findall(path.read_text())}

    assert read - table <= {"PATH"}


def test_variables_of_tests_and_benches_are_in_the_table_of_development() -> None:
    makefile = (ROOT / "Makefile").read_text()
    sources = [path for folder in ("tests", "bench") for path in (ROOT / folder).rglob("*.py")]
    read = {name for path in sources for name in re.findall(r'environ\.get\("([A-Z_]+)", "', path.read_text())}
    table = set(first_column(section("Work on it")))

    assert table >= set(re.findall(r"\$\((?:or \$\()?((?:TEST|CHAOS)_[A-Z_]+|JOBS)", makefile))
    assert table >= read - {"VUEMANTICS_VAR"}
    assert all(name in makefile + "".join(path.read_text() for path in sources) for name in table)


def test_every_dependency_has_its_line() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = {re.split(r"[\[<>=;~! ]", line)[0] for line in project["dependencies"]}

    assert set(first_column(section("Why these libraries"))) == names


@pytest.mark.parametrize("page", ["README.md", "docs/architecture.md", "docs/operating.md", "CHANGELOG.md"])
def test_links_within_the_project_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text()
    links = [link for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text) if "://" not in link]

    assert [link for link in links if not (ROOT / page).parent.joinpath(link).exists()] == []


@pytest.mark.parametrize("page", ["README.md", "docs/architecture.md", "docs/operating.md"])
def test_commands_named_exist(page: str) -> None:
    text = (ROOT / page).read_text()
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))

    assert set(re.findall(r"(?:^    |`)make ([a-z]+)", text, flags=re.MULTILINE)) <= targets
    assert set(re.findall(r"manage\.py ([a-z_]+)", text)) <= set(get_commands())
