"""URLs of the batches app."""

from django.urls import path

from batches.views import (
    commands,
    confirm_deletion,
    failure_list,
    item_detail,
    pages,
    preflight,
    rename,
    upload,
)

urlpatterns = [
    path("", pages.home, name="home"),
    path("batches/", pages.batch_list, name="batch-list"),
    path("batches/new/", upload.new_batch, name="batch-new"),
    path("batches/open/", upload.open_batch, name="batch-open"),
    path("batches/unfinished/", preflight.unfinished, name="batch-unfinished"),
    path("batches/library-sizes/", preflight.library_sizes, name="library-sizes"),
    path("batches/<int:batch_id>/manifest/", preflight.read_manifest, name="batch-manifest"),
    path("batches/<int:batch_id>/announce/", preflight.announce, name="batch-announce"),
    path("batches/<int:batch_id>/ignored/", preflight.ignore, name="batch-ignored"),
    path("batches/<int:batch_id>/keep-alive/", preflight.keep_alive, name="batch-keep-alive"),
    path("batches/<int:batch_id>/unsent/", preflight.register_unsent, name="batch-unsent"),
    path("batches/<int:batch_id>/files.csv", pages.download_ledger, {"kind": "csv"}, name="batch-ledger-csv"),
    path("batches/<int:batch_id>/files.json", pages.download_ledger, {"kind": "json"}, name="batch-ledger-json"),
    path("batches/<int:batch_id>/seal/", upload.seal, name="batch-seal"),
    path("batches/<int:batch_id>/", pages.batch_detail, name="batch-detail"),
    path("problems/", failure_list.failure_list, name="failures"),
    path("problems/retry/", failure_list.retry, name="failures-retry"),
    path("problems/dismiss/", failure_list.dismiss, name="failures-dismiss"),
    path("problems/restore/", failure_list.restore, name="failures-restore"),
    path("problems/files.csv", failure_list.download, name="failures-csv"),
    path("batches/<int:batch_id>/delete/", confirm_deletion.delete_batch, name="batch-delete"),
    path("library/reanalyse/", commands.reanalyse_library, name="library-reanalyse"),
    path("library/delete/", confirm_deletion.delete_pictures, name="upload-delete"),
    path("batches/<int:batch_id>/name/", rename.batch_name, name="batch-name"),
    path("batches/<int:batch_id>/files/<int:item_id>/", item_detail.item_detail, name="item-detail"),
    path("batches/<int:batch_id>/pause/", commands.pause, name="batch-pause"),
    path("batches/<int:batch_id>/resume/", commands.resume, name="batch-resume"),
    path("batches/<int:batch_id>/cancel/", commands.cancel, name="batch-cancel"),
    path("batches/<int:batch_id>/finish/", commands.finish, name="batch-finish"),
    path("batches/<int:batch_id>/retry/", commands.retry_failed, name="batch-retry"),
    path("batches/<int:batch_id>/reanalyse/", commands.reanalyse, name="batch-reanalyse"),
]
