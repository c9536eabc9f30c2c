"""axe-core finds nothing on any page of ours: in light and dark, on a phone and on a desk."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.scenes import SCENES, reach
from tests.browser.world import World

AXE = Path(__file__).parent / "vendor/axe-core-4.14.1/axe.min.js"
# Colours that are on their way to the other scheme are no one's.
FIND = """async () => {
    document.getAnimations().forEach((animation) => animation.finish());
    const {violations} = await axe.run(document, {resultTypes: ["violations"]});
    return violations.flatMap(
        ({id, nodes}) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary}`));
}"""
OURS = list(SCENES)
LOOKS = [(scheme, width) for scheme in ("light", "dark") for width in (390, 1280)]


def violations(page: Page, look: tuple[str, int]) -> list[str]:
    """What axe-core finds under this look."""
    scheme, width = look
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 900})
    found: list[str] = page.evaluate(FIND)
    return [f"{scheme} {width}: {each}" for each in found]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("group", OURS)
def test_pages_have_no_violations(chromium: Browser, site: str, world: World, tmp_path: Path, group: str) -> None:
    found: dict[str, list[str]] = {}

    for scene in SCENES[group]:
        # The policy of the pages lets no foreign script in, that of this test alone does.
        page = reach(chromium, site, world, scene, tmp_path, bypass_csp=True, reduced_motion="reduce")
        page.evaluate(AXE.read_text())
        found[scene.name] = [each for look in LOOKS for each in violations(page, look)]
        page.context.close()

    assert not {name: each for name, each in found.items() if each}
