"""What the admins of rows that the program writes have in common."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic for mypy only, not when it runs
    """Rows that the program alone writes: saving a form would put stale counters and states back.

    Deleting is off too: rows and files go together, which takes a service.
    """

    # A second COUNT(*) over the whole table would cost more than the page.
    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: rows come by uploading."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: the change permission lets staff command, not edit."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False
