"""Every page on a small phone: no wider than the screen, what is pressed is as high as a finger, nothing moves."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.scenes import SCENES, reach
from tests.browser.world import World

PHONE = {"width": 360, "height": 740}
SIDEWAYS = "document.documentElement.scrollWidth > innerWidth ? ['wider than the screen'] : []"
# A link in running text is as high as its line; a tick is pressed by its label.
SMALL = """[...document.querySelectorAll("a, button, summary, input:not([type=hidden]), select")]
    .filter((one) => one.checkVisibility() && !one.closest("p"))
    .map((one) => one.closest("label") ?? one)
    .filter((one) => one.getBoundingClientRect().height < 44)
    .map((one) => `small: ${one.outerHTML.slice(0, 160)}`)"""
MOVING = """[...document.querySelectorAll("*")]
    .map((one) => [one, getComputedStyle(one)])
    .filter(([one, style]) => style.animationName !== "none" || style.transitionDuration !== "0s")
    .map(([one]) => `moves: ${one.outerHTML.slice(0, 160)}`)"""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("group", SCENES)
def test_pages_suit_a_phone(chromium: Browser, site: str, world: World, tmp_path: Path, group: str) -> None:
    # The admin is Django's: what is pressed there is as high as Django makes it.
    looks = [SIDEWAYS] if group.startswith("admin") else [SIDEWAYS, SMALL, MOVING]
    found: dict[str, list[str]] = {}

    for scene in SCENES[group]:
        page = reach(chromium, site, world, scene, tmp_path, viewport=PHONE, reduced_motion="reduce")
        found[scene.name] = [each for look in looks for each in page.evaluate(look)]
        page.context.close()

    assert not {name: each for name, each in found.items() if each}
