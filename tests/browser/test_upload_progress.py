"""Bytes that the server already has and bytes of refused files do not count as sent."""

from playwright.sync_api import Page

# Create the Progress of an upload of two files of 1 GB each, the first of which is being sent.
TWO_FILES = """
    const { Progress } = await import("/static/upload/progress.js");
    const progress = new Progress(2);
    progress.addSize(1e9);
    progress.addSize(1e9);
    const upload = progress.start({ path: "a.jpg", size: 1e9 }, 0);
    progress.estimate(0);
"""


def measured(page: Page, steps: str) -> dict[str, float | None]:
    """Run the JavaScript in TWO_FILES and `steps`; return the progress two seconds after the start."""
    script = f"async () => {{ {TWO_FILES} {steps}; return {{ ...progress.estimate(2000), ...progress }}; }}"
    facts: dict[str, float | None] = page.evaluate(script)
    return {name: facts[name] for name in ("speed", "secondsLeft", "bytes", "sentBytes")}


def test_stored_bytes_do_not_count_towards_the_speed(blank_page: Page) -> None:
    facts = measured(blank_page, "upload.received(9e8)")

    assert facts == {"speed": None, "secondsLeft": None, "bytes": 9e8, "sentBytes": 0}


def test_speed_of_a_resumed_file_counts_only_sent_bytes(blank_page: Page) -> None:
    facts = measured(blank_page, "upload.received(9e8); upload.sent(9.5e8); upload.sent(1e9); upload.finish(null)")

    assert facts == {"speed": 5e7, "secondsLeft": 20, "bytes": 1e9, "sentBytes": 1e8}


def test_refused_file_does_not_count_towards_the_speed(blank_page: Page) -> None:
    facts = measured(blank_page, 'upload.finish({ reason: "No picture.", recorded: true })')

    assert facts == {"speed": None, "secondsLeft": None, "bytes": 1e9, "sentBytes": 0}


def test_bytes_lost_by_the_server_count_as_missing_again(blank_page: Page) -> None:
    facts = measured(blank_page, "upload.sent(5e8); upload.received(2e8)")

    assert facts["bytes"] == 2e8
