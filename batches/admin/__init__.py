"""The admin of batches: staff view all rows, edit none, and run commands through the services."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from django_dramatiq.models import Task

from batches.admin.batches import BatchAdmin
from batches.admin.items import ItemAdmin
from batches.admin.uploads import DeletableUploadAdmin
from batches.admin.workers import WorkerAdmin

admin.site.site_header = _("vuemantics administration")
admin.site.site_title = _("vuemantics administration")
admin.site.index_title = _("Pictures, batches and users")
# The broker does not record tasks, since the rows of batches are the queue. An empty list would mislead.
admin.site.unregister(Task)

__all__ = ["BatchAdmin", "DeletableUploadAdmin", "ItemAdmin", "WorkerAdmin"]
