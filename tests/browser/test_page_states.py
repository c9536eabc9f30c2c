"""In every state, every page passes axe-core and fits a phone. In some states, keyboard use is tested too."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from tests.browser.page_states import PAGE_STATES, open_state, signed_in
from tests.browser.site_data import SiteData

AXE = (Path(__file__).parent / "vendor/axe-core-4.14.1/axe.min.js").read_text()
# Finish the transition to another colour scheme first. Otherwise, axe would measure intermediate colours.
RUN_AXE = """async (options) => {
    document.getAnimations().forEach((animation) => animation.finish());
    const {violations} = await axe.run(document, {resultTypes: ["violations"], ...options});
    return violations.flatMap(
        ({id, nodes}) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary}`));
}"""
# Check only the contrast in the dark scheme, because this scheme changes only colours.
CONTRAST = {"runOnly": ["color-contrast"]}

PHONE: ViewportSize = {"width": 360, "height": 740}
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
TOO_WIDE = "document.documentElement.scrollWidth > innerWidth ? ['wider than the screen'] : []"
# WCAG sets no minimum size for links in running text. A checkbox is as large as its label, which can be clicked too.
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
RECORD_FOCUS = f"""() => {{ window.focused = {{}};
    document.addEventListener("focusin", ({{ target }}) => {{
        const [style, ring] = [getComputedStyle(target), getComputedStyle(target, "::after")];
        const isOutlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
        const hasRing = ring.content !== "none" && parseFloat(ring.borderTopWidth) >= 2;
        window.focused[({NAME})(target)] = isOutlined || hasRing;
    }}, true);
}}"""
# Only one picture in a list is a tab stop; tests/browser/test_selection.py tests the arrow keys.
CONTROLS = f"""[...document.querySelectorAll("a[href], button, summary, input:not([type=hidden]), select")]
    .filter((one) => one.checkVisibility() && one.tabIndex >= 0).map({NAME})"""


def phone_problems(page: Page, group: str) -> list[str]:
    """Return the page's problems on a small phone. In the admin, check only the width: Django defines the rest."""
    scripts = [TOO_WIDE] if group.startswith("admin") else [TOO_WIDE, TOO_SMALL, MOVING]
    return [problem for script in scripts for problem in page.evaluate(script)]


def keyboard_problems(page: Page) -> list[str]:
    """Tab through the page and return the controls that are not reached or do not show the focus."""
    controls = page.evaluate(CONTROLS)
    page.evaluate(RECORD_FOCUS)
    for _ in range(len(controls) + 2):
        page.keyboard.press("Tab")
    focused = page.evaluate("window.focused")
    return [f"not reached or not visible by keyboard: {control}" for control in controls if not focused.get(control)]


def axe_problems(page: Page, scheme: Literal["light", "dark"], options: Mapping[str, object]) -> list[str]:
    """Return the problems that axe-core finds in this colour scheme."""
    page.emulate_media(color_scheme=scheme)
    return [f"{scheme}: {problem}" for problem in page.evaluate(RUN_AXE, options)]


def page_problems(page: Page, group: str, *, tabbed: bool) -> list[str]:
    """Return the problems on a small phone and on a desktop. If `tabbed`, test the keyboard on the desktop.

    On the phone, axe-core checks the contrast of the dark scheme; on the desktop, it checks the light scheme.
    """
    problems = phone_problems(page, group) + axe_problems(page, "dark", CONTRAST)
    page.set_viewport_size(DESKTOP)
    if tabbed:
        page.wait_for_load_state("networkidle")
        problems += keyboard_problems(page)
    return problems + axe_problems(page, "light", {})


@pytest.mark.timeout(900)
@pytest.mark.parametrize("group", PAGE_STATES)
def test_pages_are_accessible(chromium: Browser, site: str, site_data: SiteData, tmp_path: Path, group: str) -> None:
    problems: dict[str, list[str]] = {}
    pages: dict[str, Page] = {}

    for state in PAGE_STATES[group]:
        # The states of one user share a page and its cache, except in the group "upload": there, each state gets its
        # own browser context, because a context remembers earlier uploads.
        name = state.name if group == "upload" else state.who
        if name not in pages:
            user = getattr(site_data, state.who) if state.who else None
            # The pages' Content-Security-Policy would block axe-core's script.
            context = signed_in(chromium, site, user, bypass_csp=True, reduced_motion="reduce")
            context.add_init_script(AXE)
            pages[name] = context.new_page()
        page = pages[name]
        page.set_viewport_size(PHONE)
        open_state(page, site, site_data, state, tmp_path)
        problems[state.name] = page_problems(page, group, tabbed=state.name in TABBED)
        page.unroute_all(behavior="ignoreErrors")
    for page in pages.values():
        page.context.close()

    assert not {name: found for name, found in problems.items() if found}
