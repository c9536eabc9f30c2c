"""The search terms of an owner's pictures, and the owner's saved searches."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class SearchTerm(models.Model):
    """A label, place, camera or keyword of an owner's pictures; see uploads/search/vocabulary.py."""

    class Kind(models.TextChoices):
        LABEL = "label", _("Label")
        PLACE = "place", _("Place")
        CAMERA = "camera", _("Camera")
        KEYWORD = "keyword", _("Keyword")

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind)
    text = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "kind", "text"], name="searchterm_once")]

    def __str__(self) -> str:
        return self.text


class SavedSearch(models.Model):
    """A query that an owner saved. If `exact`, no word of it is corrected."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    query = models.CharField(max_length=200)
    exact = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "query"], name="savedsearch_once")]

    def __str__(self) -> str:
        return self.query
