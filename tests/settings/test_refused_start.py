"""Programs refuse to start with invalid settings and print no traceback."""

import pytest

from tests.settings.programs import MANAGE, SERVER, WORKERS, refused_start


@pytest.mark.parametrize("command", [MANAGE, SERVER, WORKERS])
def test_invalid_value_stops_the_program_with_one_line(command: list[str]) -> None:
    assert refused_start(command, VUEMANTICS_TIME_SLICE_SECONDS="nan") == (
        "VUEMANTICS_TIME_SLICE_SECONDS must be a number, at least 0.001, not “nan”. Unset it for its default, 1.\n"
    )


@pytest.mark.parametrize("command", [SERVER, WORKERS])
def test_failed_check_stops_the_program(command: list[str]) -> None:
    stderr = refused_start(command, VUEMANTICS_HOSTS="http://photos.local")

    assert "VUEMANTICS_HOSTS contains “http://photos.local”, which is not a host." in stderr
    assert "Traceback" not in stderr
