"""Every page is accessible in every state: axe-core finds no problem, it fits on a phone, and it works by keyboard."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from tests.browser.page_states import PAGE_STATES, open_state, signed_in
from tests.browser.site_data import SiteData

AXE = (Path(__file__).parent / "vendor/axe-core-4.14.1/axe.min.js").read_text()
# Finish the transition to another colour scheme first: axe would otherwise measure intermediate colours.
RUN_AXE = """async (options) => {
    document.getAnimations().forEach((animation) => animation.finish());
    const {violations} = await axe.run(document, {resultTypes: ["violations"], ...options});
    return violations.flatMap(
        ({id, nodes}) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary}`));
}"""
# Each scheme is checked at one width. Only contrast is checked in the dark scheme, because it changes only colours.
CHECKS = [("light", 1280, {}), ("dark", 390, {"runOnly": ["color-contrast"]})]

PHONE: ViewportSize = {"width": 360, "height": 740}
TOO_WIDE = "document.documentElement.scrollWidth > innerWidth ? ['wider than the screen'] : []"
# Ignore links in running text, which are as high as their line. For a checkbox, measure its label, which can also be
# pressed.
TOO_SMALL = """[...document.querySelectorAll("a, button, summary, input:not([type=hidden]), select")]
    .filter((one) => one.checkVisibility() && !one.closest("p"))
    .map((one) => one.closest("label") ?? one)
    .filter((one) => one.getBoundingClientRect().height < 44)
    .map((one) => `small: ${one.outerHTML.slice(0, 160)}`)"""
MOVING = """[...document.querySelectorAll("*")]
    .map((one) => [one, getComputedStyle(one)])
    .filter(([one, style]) => style.animationName !== "none" || style.transitionDuration !== "0s")
    .map(([one]) => `moves: ${one.outerHTML.slice(0, 160)}`)"""

TABBED = {
    "batches",
    "batch-paused",
    "batch-rename",
    "item-failed",
    "problems",
    "library",
    "picture",
    "upload",
    "password",
}
# Live updates change these attributes while the test tabs through the page.
NAME = """(one) => { const copy = one.cloneNode(false);
    for (const name of ["data-state", "hx-swap-oob"]) copy.removeAttribute(name);
    return copy.outerHTML; }"""
CONTROLS = f"""[...document.querySelectorAll("a[href], button, summary, input:not([type=hidden]), select")]
    .filter((one) => one.checkVisibility()).map({NAME})"""
FOCUSED = f"""(() => {{ const one = document.activeElement; const style = getComputedStyle(one);
    return [({NAME})(one), style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2] }})()"""


def phone_problems(page: Page, group: str) -> list[str]:
    """Return the page's problems on a small phone. In the admin, check only the width: Django defines the rest."""
    scripts = [TOO_WIDE] if group.startswith("admin") else [TOO_WIDE, TOO_SMALL, MOVING]
    return [problem for script in scripts for problem in page.evaluate(script)]


def keyboard_problems(page: Page) -> list[str]:
    """Tab through the page; return the controls that are not reached or that show no focus."""
    controls = page.evaluate(CONTROLS)
    focused: dict[str, bool] = {}
    for _ in range(len(controls) + 2):
        page.keyboard.press("Tab")
        name, visible = page.evaluate(FOCUSED)
        focused[name] = visible
    return [f"not reached or not visible by keyboard: {control}" for control in controls if not focused.get(control)]


def axe_problems(page: Page) -> list[str]:
    """Return the problems that axe-core finds in each colour scheme."""
    page.evaluate(AXE)
    problems = []
    for scheme, width, options in CHECKS:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": 900})
        problems += [f"{scheme} {width}: {problem}" for problem in page.evaluate(RUN_AXE, options)]
    return problems


@pytest.mark.timeout(900)
@pytest.mark.parametrize("group", PAGE_STATES)
def test_pages_are_accessible(chromium: Browser, site: str, site_data: SiteData, tmp_path: Path, group: str) -> None:
    problems: dict[str, list[str]] = {}
    pages: dict[str, Page] = {}

    for state in PAGE_STATES[group]:
        # The states of one user share a page and its cache, except uploads, because a browser context remembers them.
        name = state.name if group == "upload" else state.who
        if name not in pages:
            user = getattr(site_data, state.who) if state.who else None
            # The pages' Content-Security-Policy would refuse axe.
            pages[name] = signed_in(chromium, site, user, bypass_csp=True, reduced_motion="reduce").new_page()
        page = pages[name]
        page.emulate_media(color_scheme="light")
        page.set_viewport_size(PHONE)
        open_state(page, site, site_data, state, tmp_path)
        problems[state.name] = phone_problems(page, group)
        if state.name in TABBED:
            page.wait_for_load_state("networkidle")
            page.set_viewport_size({"width": 1280, "height": 900})
            problems[state.name] += keyboard_problems(page)
        problems[state.name] += axe_problems(page)
        page.unroute_all(behavior="ignoreErrors")
    for page in pages.values():
        page.context.close()

    assert not {name: found for name, found in problems.items() if found}
