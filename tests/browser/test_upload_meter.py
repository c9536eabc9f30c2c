"""How far the sending is, in numbers: what was here already and what was refused did not go out."""

from playwright.sync_api import Page

from tests.browser.conftest import OpenPage

# A meter of two files of 1 GB each; the first is in hand.
TWO_FILES = """
    const { Meter } = await import("/static/upload/meter.js");
    const meter = new Meter(2);
    meter.measured(1e9);
    meter.measured(1e9);
    const one = meter.begin({ path: "a.jpg", size: 1e9 }, 0);
    meter.pace(0);
"""


def measured(page: Page, steps: str) -> dict[str, float | None]:
    """Take the steps with `meter` and `one`, and return speed, time left, bytes and moved after two seconds."""
    script = f"async () => {{ {TWO_FILES} {steps}; return {{ ...meter.pace(2000), ...meter }}; }}"
    facts: dict[str, float | None] = page.evaluate(script)
    return {name: facts[name] for name in ("speed", "left", "bytes", "moved")}


def test_what_the_server_has_already_is_no_speed(open_page: OpenPage) -> None:
    page = open_page("/batches/new/")

    facts = measured(page, "one.here(9e8)")

    assert facts == {"speed": None, "left": None, "bytes": 9e8, "moved": 0}


def test_speed_and_time_left_of_a_resumed_file_are_of_what_goes_out(open_page: OpenPage) -> None:
    page = open_page("/batches/new/")

    facts = measured(page, "one.here(9e8); one.sent(9.5e8); one.sent(1e9); one.end(null)")

    assert facts == {"speed": 5e7, "left": 20, "bytes": 1e9, "moved": 1e8}


def test_refused_file_is_ended_without_speed(open_page: OpenPage) -> None:
    page = open_page("/batches/new/")

    facts = measured(page, 'one.end({ words: "No picture.", local: false })')

    assert facts == {"speed": None, "left": None, "bytes": 1e9, "moved": 0}


def test_part_that_the_server_lost_counts_as_missing_again(open_page: OpenPage) -> None:
    page = open_page("/batches/new/")

    facts = measured(page, "one.sent(5e8); one.here(2e8)")

    assert facts["bytes"] == 2e8
