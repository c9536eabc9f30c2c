"""Wait for a condition outside the page while the page keeps running."""

from collections.abc import Callable
from typing import TypeVar

from playwright.sync_api import Page

from tests.support.waiting import wait_until

Value = TypeVar("Value")


def wait_with_page(page: Page, predicate: Callable[[], Value], seconds: float = 60) -> Value:
    """Wait like `wait_until`, but keep the page running.

    Playwright handles requests and sockets only during calls to it, so pause with `wait_for_timeout`, which, unlike
    `evaluate`, does not fail if the page navigates.
    """

    def poll() -> Value:
        page.wait_for_timeout(50)
        return predicate()

    return wait_until(poll, seconds, interval=0)
