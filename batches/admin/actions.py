"""Run a command on each row that a staff member has selected, and show the result."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from batches import services
from batches.engine.refusals import Refused
from batches.services import Scope, operator_scope

NAMES_SHOWN = 5
MAX_ROWS = 500
"""More rows would take too long for one request. A batch counts as one row, however many files it has."""


@dataclass
class ActionResult:
    """The changed rows, the names of rows that needed no change, and the names of refused rows by reason."""

    changed: list[Model] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    refused: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


def exceeds_limit(model_admin: "admin.ModelAdmin[Any]", request: HttpRequest, rows: QuerySet[Any]) -> bool:
    """Return whether more than MAX_ROWS rows are selected; if so, show an error. Counts at most MAX_ROWS + 1 rows."""
    if len(rows.order_by().values_list("pk")[: MAX_ROWS + 1]) <= MAX_ROWS:
        return False
    message = _(
        "Select at most %(limit)d rows. To retry more files at once, select their batches or use the “Problems” page."
    )
    model_admin.message_user(request, message % {"limit": MAX_ROWS}, messages.ERROR)
    return True


def run_action(
    model_admin: "admin.ModelAdmin[Any]",
    request: HttpRequest,
    rows: QuerySet[Any],
    command: Callable[[Scope, int], object],
    history: str | Promise | None,
    message: Promise,
) -> None:
    """Run `command` on each row, log the changed rows and show the results. Do nothing if there are too many rows.

    `history` is the text of the log entries; if it is None, the changes are logged as deletions. `message` is an
    ngettext_lazy text with `count`.
    """
    if exceeds_limit(model_admin, request, rows):
        return
    result = _run_for_each(rows, command, operator_scope(request.user))
    if history is None:
        model_admin.log_deletions(request, result.changed)  # type: ignore[arg-type]  # log_deletions only iterates over the rows
    else:
        for row in result.changed:
            model_admin.log_change(request, row, str(history))
    _show_result(model_admin, request, result, message)


def _run_for_each(rows: Iterable[Model], command: Callable[[Scope, int], object], scope: Scope) -> ActionResult:
    result = ActionResult()
    for row in rows:
        try:
            changed = command(scope, row.pk)
        except Refused as refusal:
            result.refused[refusal.message].append(str(row))
        except services.NotFound:
            result.refused[_("Not found, or you do not have permission to change it.")].append(str(row))
        else:
            result.changed.append(row) if changed else result.unchanged.append(str(row))
    return result


def _show_result(
    model_admin: "admin.ModelAdmin[Any]", request: HttpRequest, result: ActionResult, message: Any
) -> None:
    if result.changed:
        model_admin.message_user(request, message % {"count": len(result.changed)}, messages.SUCCESS)
    if result.unchanged:
        nothing = _("Nothing to do for %(names)s.") % {"names": _shorten(result.unchanged)}
        model_admin.message_user(request, nothing, messages.INFO)
    for reason, names in result.refused.items():
        model_admin.message_user(request, f"{_shorten(names)}: {reason}", messages.WARNING)


def _shorten(names: list[str]) -> str:
    """Return the first NAMES_SHOWN names as text, followed by the number of the remaining ones, if any."""
    shown = ", ".join(names[:NAMES_SHOWN])
    more = len(names) - NAMES_SHOWN
    return _("%(names)s and %(more)d more") % {"names": shown, "more": more} if more > 0 else shown
