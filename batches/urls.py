"""Addresses of the batches."""

from django.urls import path

from batches.views import commands, files, naming, pages, upload

urlpatterns = [
    path("", pages.home, name="home"),
    path("batches/", pages.batch_list, name="batch-list"),
    path("batches/new/", upload.new_batch, name="batch-new"),
    path("batches/open/", upload.open_batch, name="batch-open"),
    path("batches/<int:batch_id>/seal/", upload.seal, name="batch-seal"),
    path("batches/<int:batch_id>/", pages.batch_detail, name="batch-detail"),
    path("batches/<int:batch_id>/name/", naming.batch_name, name="batch-name"),
    path("batches/<int:batch_id>/files/<int:item_id>/", files.item_detail, name="item-detail"),
    path("batches/<int:batch_id>/pause/", commands.pause, name="batch-pause"),
    path("batches/<int:batch_id>/resume/", commands.resume, name="batch-resume"),
    path("batches/<int:batch_id>/cancel/", commands.cancel, name="batch-cancel"),
    path("batches/<int:batch_id>/no-more/", commands.no_more, name="batch-no-more"),
    path("batches/<int:batch_id>/try-again/", commands.retry_failed, name="batch-retry"),
    path("batches/<int:batch_id>/describe-again/", commands.reanalyse, name="batch-reanalyse"),
]
