"""How far the sending is, in numbers: what was here already and what was refused did not go out."""

from playwright.sync_api import Page

from tests.browser.conftest import OpenPage

# Two files of 1 GB each; the first is being uploaded.
TWO_FILES = """
    const { Progress } = await import("/static/upload/progress.js");
    const progress = new Progress(2);
    progress.addSize(1e9);
    progress.addSize(1e9);
    const upload = progress.start({ path: "a.jpg", size: 1e9 }, 0);
    progress.estimate(0);
"""


def measured(page: Page, steps: str) -> dict[str, float | None]:
    """Take the steps with `progress` and `upload`, and return the figures after two seconds."""
    script = f"async () => {{ {TWO_FILES} {steps}; return {{ ...progress.estimate(2000), ...progress }}; }}"
    facts: dict[str, float | None] = page.evaluate(script)
    return {name: facts[name] for name in ("speed", "secondsLeft", "bytes", "sentBytes")}


def test_what_the_server_has_already_is_no_speed(open_page: OpenPage) -> None:
    page = open_page("/batches/new/")

    facts = measured(page, "upload.received(9e8)")

    assert facts == {"speed": None, "secondsLeft": None, "bytes": 9e8, "sentBytes": 0}


def test_speed_and_time_left_of_a_resumed_file_are_of_what_goes_out(open_page: OpenPage) -> None:
    page = open_page("/batches/new/")

    facts = measured(page, "upload.received(9e8); upload.sent(9.5e8); upload.sent(1e9); upload.finish(null)")

    assert facts == {"speed": 5e7, "secondsLeft": 20, "bytes": 1e9, "sentBytes": 1e8}


def test_refused_file_is_ended_without_speed(open_page: OpenPage) -> None:
    page = open_page("/batches/new/")

    facts = measured(page, 'upload.finish({ reason: "No picture.", recorded: true })')

    assert facts == {"speed": None, "secondsLeft": None, "bytes": 1e9, "sentBytes": 0}


def test_part_that_the_server_lost_counts_as_missing_again(open_page: OpenPage) -> None:
    page = open_page("/batches/new/")

    facts = measured(page, "upload.sent(5e8); upload.received(2e8)")

    assert facts["bytes"] == 2e8
