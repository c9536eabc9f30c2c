"""Base classes and functions for admin pages of rows that only the program may change."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.html import format_html

MAX_ROWS_NAMED = 20
MAX_ROWS = 10_000


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # generic only for mypy, not at run time
    """Counts and shows only the first MAX_ROWS rows, so that no query has to skip more rows than that.

    Users can find the other rows with a filter.
    """

    @cached_property
    def count(self) -> int:
        """The number of rows, but at most MAX_ROWS."""
        rows = cast("QuerySet[Any]", self.object_list)
        return rows.order_by().values("pk")[:MAX_ROWS].count()

    @property
    def is_truncated(self) -> bool:
        """Whether there may be rows that no page shows."""
        return self.count >= MAX_ROWS


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic only for mypy, not at run time
    """The admin for rows that only the program writes.

    Editing is disabled, because a form could overwrite newer values. Deletion is disabled, because a service must
    delete rows and their files together.
    """

    # Lists never count or sort a whole table, so that they stay fast with any number of rows.
    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False, because only the program creates rows."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False, because the change permission is for running actions, not for editing."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def english_column(field: str, name: Any) -> Callable[[Any, Any], str]:
    """Return a display method for a field whose text is always English; `name` is the column's lazy title."""

    @admin.display(description=name, ordering=field)
    def display(model_admin: Any, row: Any) -> str:
        text = getattr(row, field)
        return format_html('<span lang="en">{}</span>', text) if text else ""

    return display


def confirmation_page(
    model_admin: "admin.ModelAdmin[Any]",
    request: HttpRequest,
    template: str,
    rows: QuerySet[Any],
    context: dict[str, Any],
) -> TemplateResponse:
    """Return a page that asks the user to confirm an action on the selected rows.

    The page lists the first selected rows and resubmits the whole selection.

    `template` extends admin/confirmation.html. `context` must contain `question` (the title), `action` (the name of the
    action) and `count` (the number of rows).
    """
    across = request.POST.get("select_across", "0")
    page_context = {
        **model_admin.admin_site.each_context(request),
        "title": context["question"],
        "opts": model_admin.opts,
        "media": model_admin.media,
        "across": across,
        # If the user selected the rows of all pages, `across` is "1", and Django needs the value of only one checkbox.
        "selected": request.POST.getlist(ACTION_CHECKBOX_NAME)[: 1 if across == "1" else None],
        "checkbox": ACTION_CHECKBOX_NAME,
        "rows": rows[:MAX_ROWS_NAMED],
        "more": max(0, context["count"] - MAX_ROWS_NAMED),
        **context,
    }
    return TemplateResponse(request, template, page_context)
