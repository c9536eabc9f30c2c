"""The admin for batches, their files, pictures and workers. Staff can view rows and run commands, but not edit rows."""

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
# Hide dramatiq's list of tasks: the broker does not record tasks, so the list would always be empty.
admin.site.unregister(Task)

__all__ = ["BatchAdmin", "DeletableUploadAdmin", "ItemAdmin", "WorkerAdmin"]
