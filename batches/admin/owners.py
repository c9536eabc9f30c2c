"""A list filter by owner. It uses autocompletion, because a list of all users may be long."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.forms.widgets import Script
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from batches.models import UploadBatch


class OwnerSelect(AutocompleteSelect):
    def build_attrs(self, base_attrs: dict[str, Any], extra_attrs: dict[str, Any] | None = None) -> dict[str, Any]:
        return super().build_attrs(base_attrs, extra_attrs) | {"data-placeholder": gettext("All owners")}


class OwnerForm(forms.Form):
    """A form with one autocomplete field, for choosing an owner."""

    class Media:
        js = [Script("js/admin.js", type="module")]

    owner = forms.ModelChoiceField(
        User.objects.all(),
        required=False,
        label=_("Owner"),
        widget=OwnerSelect(UploadBatch._meta.get_field("owner"), admin.site),
    )


class OwnerFilter(admin.ListFilter):
    """Filter by owner, shown to staff who may view users. `path` is the field lookup from a row to its owner."""

    title = _("owner")
    template = "admin/batches/owner_filter.html"
    path = "owner"

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: type[Any], model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        self._shown = request.user.has_perm("auth.view_user") or request.user.has_perm("auth.change_user")
        value = params.pop("owner", [""])[-1]
        if value.isdecimal() and len(value) < 10:
            self.used_parameters["owner"] = int(value)

    def has_output(self) -> bool:
        """Return whether the filter is shown. The query string filters the rows even while the filter is hidden."""
        return self._shown

    def expected_parameters(self) -> list[str | None]:
        return ["owner"]

    def choices(self, changelist: Any) -> Any:
        """Yield one choice: the form, and the other active filters, which the form submits too."""
        kept = [(name, value) for name, values in changelist.filter_params.items() for value in values]
        yield {
            "form": OwnerForm(initial=self.used_parameters, prefix=None),
            "kept": [(name, value) for name, value in kept if name != "owner"],
            "chosen": "owner" in self.used_parameters,
            "without": changelist.get_query_string(remove=["owner", "p"]),
        }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        owner = self.used_parameters.get("owner")
        return queryset if owner is None else queryset.filter(**{f"{self.path}_id": owner})


class OwnerOfBatchFilter(OwnerFilter):
    """Filter by the owner of the batch to which a row belongs."""

    path = "batch__owner"
