"""The admin's lists and pages show rows and links, and are read-only."""

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse

from batches.engine import claim, finish_item, lifecycle
from batches.engine.liveness import Identity
from batches.models import UploadBatch, Worker
from tests.support.batches import make_batch, make_upload
from tests.support.users import make_staff, make_user
from uploads.storage import save_previews

pytestmark = pytest.mark.django_db
VIEW = ["view_uploadbatch", "view_batchitem", "view_upload", "view_worker"]
LISTS = ["batches_uploadbatch", "batches_batchitem", "uploads_upload", "batches_worker"]


@pytest.fixture
def owner(db: None) -> User:
    return make_user("ada")


@pytest.fixture
def batch(owner: User) -> UploadBatch:
    """A batch of three files, one of which has failed."""
    batch = make_batch(owner, files=3)
    claimed = claim.claim_item(batch.id, 4711)
    assert claimed is not None
    finish_item.fail_item(claimed, "image.truncated", "The file ends too early.")
    batch.refresh_from_db()
    return batch


@pytest.fixture
def viewer(client: Client) -> Client:
    """A client signed in as staff with only view permissions."""
    client.force_login(make_staff("viewer", *VIEW))
    return client


def text(client: Client, address: str) -> str:
    """Request a page, check that its status is 200, and return its HTML."""
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_batch_list_shows_counts_and_progress(viewer: Client, batch: UploadBatch) -> None:
    page = text(viewer, reverse("admin:batches_uploadbatch_changelist"))

    assert '<progress max="100" value="33"' in page
    assert f"batch__id__exact={batch.id}&amp;status__exact=failed" in page
    assert "Processing" in page
    assert "ada" in page


def test_batch_list_truncates_long_names(viewer: Client, batch: UploadBatch) -> None:
    UploadBatch.objects.filter(id=batch.id).update(name="x" * 200)

    page = text(viewer, reverse("admin:batches_uploadbatch_changelist"))

    assert f">{'x' * 29}…</a>" in page
    assert "x" * 30 not in page


def test_batch_page_links_to_its_files_and_is_read_only(viewer: Client, batch: UploadBatch) -> None:
    address = reverse("admin:batches_uploadbatch_change", args=[batch.id])
    page = text(viewer, address)
    response = viewer.post(address, {"name": "changed", "failed": 0, "status": "completed"})

    assert f"batch__id__exact={batch.id}" in page
    assert "<input" not in page.split('id="uploadbatch_form"')[1].replace('<input type="hidden"', "")
    assert response.status_code == 403
    assert UploadBatch.objects.get().failed == 1


def test_file_list_of_a_batch_shows_only_its_files_with_errors(viewer: Client, owner: User, batch: UploadBatch) -> None:
    make_batch(owner, files=1, name="Norway")

    page = text(viewer, reverse("admin:batches_batchitem_changelist", query={"batch__id__exact": batch.id}))

    assert "Iceland/IMG_0000.JPG" in page
    assert "The file ends too early." in page
    assert "Norway/IMG_0000.JPG" not in page
    assert "error_code=image.truncated" in page


def test_file_list_filters_by_error_code(viewer: Client, batch: UploadBatch) -> None:
    page = text(viewer, reverse("admin:batches_batchitem_changelist", query={"error_code": "image.truncated"}))

    assert "Iceland/IMG_0000.JPG" in page
    assert "Iceland/IMG_0001.JPG" not in page


def test_file_page_links_to_its_upload(viewer: Client, batch: UploadBatch) -> None:
    item = batch.items.order_by("id")[0]

    page = text(viewer, reverse("admin:batches_batchitem_change", args=[item.id]))

    assert reverse("admin:uploads_upload_change", args=[item.upload_id]) in page


@pytest.mark.parametrize("name", LISTS)
def test_search_works_in_every_list(viewer: Client, batch: UploadBatch, name: str) -> None:
    text(viewer, reverse(f"admin:{name}_changelist", query={"q": "ada"}))


@pytest.mark.parametrize("name", LISTS)
def test_rows_are_not_added_or_deleted_in_the_admin(admin_client: Client, batch: UploadBatch, name: str) -> None:
    if name == "batches_worker":
        Worker.objects.create(host="here", pid=1, threads=1)
    app, model = name.split("_")
    rows = apps.get_model(app, model)._default_manager
    pk = rows.values_list("pk", flat=True)[0]

    assert admin_client.get(reverse(f"admin:{name}_add")).status_code == 403
    assert admin_client.post(reverse(f"admin:{name}_delete", args=[pk]), {"post": "yes"}).status_code == 403
    assert "delete_selected" not in text(admin_client, reverse(f"admin:{name}_changelist"))
    assert rows.filter(pk=pk).exists()


def test_batch_list_query_count_is_constant(viewer: Client, owner: User) -> None:
    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            text(viewer, reverse("admin:batches_uploadbatch_changelist"))
        return len(queries)

    make_batch(owner, files=1)
    few = count()
    for number in range(5):
        lifecycle.open_batch(owner.id, f"Batch {number}")

    assert count() == few


def test_upload_list_and_page_show_the_preview(viewer: Client, owner: User) -> None:
    upload = make_upload(owner, 1)
    upload.previews = save_previews(upload.key, {320: b"small", 1024: b"large"})
    upload.labels = [{"name": "tabby cat", "score": 0.871}]
    upload.save()
    small, large = (reverse("admin:uploads_upload_preview", args=[upload.id, side]) for side in (320, 1024))

    listed = text(viewer, reverse("admin:uploads_upload_changelist"))
    page = text(viewer, reverse("admin:uploads_upload_change", args=[upload.id]))

    assert small in listed
    assert small in page
    assert large in page
    assert "tabby cat 87%" in page
    response = viewer.get(large)
    assert (response.content, response["Content-Type"]) == (b"large", "image/jpeg")
    assert response["X-Content-Type-Options"] == "nosniff"


def test_missing_preview_is_not_found(viewer: Client, owner: User) -> None:
    upload = make_upload(owner, 1)
    upload.previews = save_previews(upload.key, {320: b"small"})
    upload.save()
    default_storage.delete(upload.previews["320"])

    for number, side in [(upload.id, 320), (upload.id, 1024), (upload.id + 1, 320)]:
        assert viewer.get(reverse("admin:uploads_upload_preview", args=[number, side])).status_code == 404


def test_pages_have_no_inline_style_or_script(admin_client: Client, batch: UploadBatch) -> None:
    names = ["admin:batches_uploadbatch_changelist", "admin:batches_batchitem_changelist"]
    addresses = [*map(reverse, names), reverse("admin:batches_uploadbatch_change", args=[batch.id])]

    for address in addresses:
        page = text(admin_client, address)
        assert " style=" not in page
        assert "<style" not in page
        assert "onclick=" not in page


def test_broker_tasks_are_not_in_the_admin(admin_client: Client) -> None:
    with pytest.raises(NoReverseMatch):
        reverse("admin:django_dramatiq_task_changelist")
    assert "vuemantics administration" in text(admin_client, reverse("admin:index"))


@pytest.mark.django_db(transaction=True)
def test_worker_is_alive_while_it_holds_its_lock(admin_client: Client) -> None:
    identity = Identity()
    assert identity.acquire()
    address = reverse("admin:batches_worker_change", args=[identity.id])

    living = text(admin_client, address)
    identity.release()
    gone = text(admin_client, address)

    assert "icon-yes" in living
    assert "icon-no" in gone


def test_error_code_filter_with_nul_finds_nothing(viewer: Client) -> None:
    answer = viewer.get("/admin/batches/batchitem/?error_code=%00x")

    assert answer.status_code == 200
