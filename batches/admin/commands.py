"""Running a command over the rows that staff selected, and saying what came of it."""

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

NAMES_SHOWN = 5
MOST_ROWS = 500
"""A command over more rows would outlast the request; whole batches are commanded as one row."""


@dataclass
class Outcome:
    """What a command did: rows it changed, rows that were so already, and the names of those refused by reason."""

    done: list[Model] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    refused: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


def too_many(model_admin: "admin.ModelAdmin[Any]", request: HttpRequest, rows: QuerySet[Any]) -> bool:
    """Refuse a selection of more than MOST_ROWS, counting no further than that."""
    if len(rows.order_by().values_list("pk")[: MOST_ROWS + 1]) <= MOST_ROWS:
        return False
    words = _("Choose at most %(limit)d rows; many files are commanded by their batch, or by their cause.")
    model_admin.message_user(request, words % {"limit": MOST_ROWS}, messages.ERROR)
    return True


def command_each(rows: Iterable[Model], command: Callable[[Any], object]) -> Outcome:
    """Give `command` the id of each row; a refusal of one never stops the others."""
    outcome = Outcome()
    for row in rows:
        try:
            changed = command(row.pk)
        except Refused as refusal:
            outcome.refused[refusal.message].append(str(row))
        except services.NotFound:
            outcome.refused[_("It is gone, or you may not command it.")].append(str(row))
        else:
            outcome.done.append(row) if changed else outcome.unchanged.append(str(row))
    return outcome


def report(
    model_admin: "admin.ModelAdmin[Any]",
    request: HttpRequest,
    outcome: Outcome,
    history: str | Promise | None,
    done: Callable[[int], str],
) -> None:
    """Write the history of each changed row and show one message per kind of outcome; no `history`: it is deleted."""
    if history is None:
        model_admin.log_deletions(request, outcome.done)  # type: ignore[arg-type]  # it only iterates
    else:
        for row in outcome.done:
            model_admin.log_change(request, row, str(history))
    if outcome.done:
        model_admin.message_user(request, done(len(outcome.done)), messages.SUCCESS)
    if outcome.unchanged:
        words = _("Nothing to do for %(names)s.") % {"names": some_of(outcome.unchanged)}
        model_admin.message_user(request, words, messages.INFO)
    for reason, names in outcome.refused.items():
        model_admin.message_user(request, f"{some_of(names)}: {reason}", messages.WARNING)


def some_of(names: list[str]) -> str:
    """Name the first few and count the others."""
    shown = ", ".join(names[:NAMES_SHOWN])
    more = len(names) - NAMES_SHOWN
    return _("%(names)s and %(more)d more") % {"names": shown, "more": more} if more > 0 else shown
