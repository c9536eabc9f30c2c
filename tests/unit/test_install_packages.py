"""`make run` prints its progress while it installs packages, and does without optional packages if necessary."""

from pathlib import Path

import pytest

from tools.install_packages import main, progress, required, split

REQUIREMENTS = """\
django==5.2.1 \\
    --hash=sha256:aa
psycopg[binary,pool]==3.3.9 ; platform_system == "Linux" \\
    --hash=sha256:bb
    # via vuemantics
"""


def test_pinned_packages_are_counted() -> None:
    assert required(REQUIREMENTS) == ["django", "psycopg"]


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        ([], "  0 of 60 packages downloaded (9 s)"),
        (["Collecting a==1\n", "  Downloading a.whl\n", "Collecting b==1\n"], "  2 of 60 packages downloaded (9 s)"),
        (["Collecting a==1\n", "Installing collected packages: a\n"], "  33 of 60 packages installed (9 s)"),
    ],
)
def test_progress_counts_downloads_then_installed_packages(lines: list[str], shown: str) -> None:
    assert progress(lines, 33, 60, 9.4) == shown


@pytest.mark.processes
def test_failure_of_pip_is_reported(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text(f"no-such-package==1 --hash=sha256:{'0' * 64}\n")

    status = main([str(file), "--no-index", "--quiet", "--target", str(tmp_path / "packages")])

    assert status == 1
    assert "No matching distribution found for no-such-package" in capfd.readouterr().err


def test_optional_packages_are_separated() -> None:
    rawpy = "rawpy==0.28.0 \\\n    --hash=sha256:cc\n    # via vuemantics\n"

    assert split(REQUIREMENTS + rawpy) == (REQUIREMENTS, {"rawpy": rawpy})


@pytest.mark.processes
def test_missing_wheel_of_an_optional_package_is_not_an_error(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text(f"rawpy==0.0.1 --hash=sha256:{'0' * 64}\n")

    status = main([str(file), "--no-index", "--quiet", "--target", str(tmp_path / "packages")])

    assert status == 0
    assert "rawpy" in capfd.readouterr().out
