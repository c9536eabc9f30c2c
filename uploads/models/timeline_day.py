"""The number of pictures per day in an owner's timeline."""

from django.conf import settings
from django.db import models


class TimelineDay(models.Model):
    """A partial count of an owner's pictures from one day. The total for a day is the sum of its rows.

    Database triggers maintain the rows; see the migration. A transaction updates a row that no other transaction has
    locked, or inserts a new row, so that transactions never wait for each other. Pictures without a date are counted
    under the date of UNDATED.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    pictures = models.IntegerField()

    class Meta:
        indexes = [models.Index(fields=["owner", "day"], name="timelineday_owner")]

    def __str__(self) -> str:
        return f"{self.day}: {self.pictures}"
