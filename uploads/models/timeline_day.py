"""How many pictures of an owner the timeline shows per day."""

from django.conf import settings
from django.db import models


class TimelineDay(models.Model):
    """A part of an owner's pictures of one day; the sum of all rows of the day is exact.

    Triggers of the database maintain the rows; see the migration. A transaction changes a row that no other transaction
    has locked, or adds one, so that transactions never wait for each other. Pictures without a date count on the day of
    UNDATED.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    pictures = models.IntegerField()

    class Meta:
        indexes = [models.Index(fields=["owner", "day"], name="timelineday_owner")]

    def __str__(self) -> str:
        return f"{self.day}: {self.pictures}"
