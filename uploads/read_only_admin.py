"""What the admins of rows that the program writes have in common."""

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


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # generic for mypy only, not when it runs
    """Counts, and leads to, the first MAX_ROWS rows: the last page costs no more than skipping so many.

    What lies behind is found by a filter. `is_truncated` tells that there is more.
    """

    @cached_property
    def count(self) -> int:
        """The number of rows, MAX_ROWS at most."""
        rows = cast("QuerySet[Any]", self.object_list)
        return rows.order_by().values("pk")[:MAX_ROWS].count()

    @property
    def is_truncated(self) -> bool:
        """Whether there may be more rows than can be paged to."""
        return self.count >= MAX_ROWS


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic for mypy only, not when it runs
    """Rows that the program alone writes: saving a form would put stale counters and states back.

    Deleting is off too: rows and files go together, which takes a service.
    """

    # Lists stay fast at any number of rows: nothing counts a whole table, and no click on a heading sorts one.
    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()
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


def english_column(field: str, name: Any) -> Callable[[Any, Any], str]:
    """Return a method for a column or line of this name, a lazy text: it shows a field and says that it is English."""

    @admin.display(description=name, ordering=field)
    def shown(model_admin: Any, row: Any) -> str:
        text = getattr(row, field)
        return format_html('<span lang="en">{}</span>', text) if text else ""

    return shown


def confirmation_page(
    model_admin: "admin.ModelAdmin[Any]",
    request: HttpRequest,
    template: str,
    rows: QuerySet[Any],
    facts: dict[str, Any],
) -> TemplateResponse:
    """Show a page that asks to confirm an action, names the first of the chosen `rows` and repeats the choice.

    `template` extends admin/confirmation.html. `facts` go to it: `question` is the title, `action` the name of the
    action, and `count` how many rows there are.
    """
    across = request.POST.get("select_across", "0")
    context = {
        **model_admin.admin_site.each_context(request),
        "title": facts["question"],
        "opts": model_admin.opts,
        "media": model_admin.media,
        "across": across,
        # "All on all pages" is asked for by the word alone; the boxes of one page would be too few.
        "selected": request.POST.getlist(ACTION_CHECKBOX_NAME)[: 1 if across == "1" else None],
        "checkbox": ACTION_CHECKBOX_NAME,
        "rows": rows[:MAX_ROWS_NAMED],
        "more": max(0, facts["count"] - MAX_ROWS_NAMED),
        **facts,
    }
    return TemplateResponse(request, template, context)
