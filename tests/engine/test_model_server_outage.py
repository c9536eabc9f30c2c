"""What happens to an item if the model server hangs, is busy, sends an unusable answer, or refuses to describe it."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from batches.engine import claim
from batches.engine.circuit_breaker import breaker
from batches.engine.runner import run_job
from batches.models import BatchItem, UploadBatch
from batches.models.states import ItemStatus
from tests.support.batches import assert_counters_match
from tests.support.images import SAMPLES
from tests.support.model_server import Behaviour, ModelServer, model_server
from tests.test_end_to_end import send
from uploads.analysis import registry
from uploads.models import Embedding, Upload

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
WORKER = 4711


@pytest.fixture
def server(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    monkeypatch.setattr(registry, "_objects", {})
    settings.DESCRIBER = settings.EMBEDDER = "ollama"
    with model_server() as server:
        settings.OLLAMA = server.settings()
        yield server
    breaker.reset("model.failing")
    breaker.reset("model.busy")


@pytest.fixture
def batch(owner: User) -> UploadBatch:
    return send(owner, [SAMPLES / "coffee.jpg"])


def process(batch: UploadBatch) -> BatchItem:
    claimed = claim.claim_item(batch.id, WORKER)
    assert claimed is not None
    run_job(claimed)
    return batch.items.get()


@pytest.mark.parametrize(
    ("behaviour", "read_seconds", "cause"),
    [
        (Behaviour(hang=True), 0.5, "model.failing"),
        (Behaviour(statuses=[503] * 3), 30.0, "model.busy"),
    ],
    ids=["hanging", "busy"],
)
def test_item_waits_for_the_server_and_completes_when_it_is_back(
    batch: UploadBatch, server: ModelServer, settings: Settings, behaviour: Behaviour, read_seconds: float, cause: str
) -> None:
    server.behaviour = behaviour
    settings.OLLAMA = server.settings(read_seconds=read_seconds)

    waiting = process(batch)

    assert (waiting.status, waiting.crash_count, breaker.open_cause()[0]) == (ItemStatus.PENDING, 0, cause)
    server.behaviour = Behaviour(text="A cup of coffee on a wooden table.")
    settings.OLLAMA = server.settings()
    registry._objects.clear()  # so that the next client has the new settings
    assert process(batch).status == ItemStatus.COMPLETED
    upload = Upload.objects.get()
    assert (upload.description, upload.description_model) == ("A cup of coffee on a wooden table.", "ollama:qwen2.5vl")
    assert (upload.audit_score, upload.regenerations) == (100, 0)
    assert "coffee" in str(upload.labels)
    assert len(Embedding.objects.get(model="ollama:bge-m3@16").vector) == 16
    assert_counters_match(UploadBatch.objects.get(id=batch.id))


def test_unusable_answer_fails_the_item_with_the_real_reason(batch: UploadBatch, server: ModelServer) -> None:
    server.behaviour = Behaviour(body=b'{"message": {"content": "A c')

    item = process(batch)

    assert (item.status, item.error_code) == (ItemStatus.FAILED, "model.answer")
    assert item.error_message == "The model's answer is unusable: it is not JSON."
    assert breaker.open_cause() == ("", "")


def test_refusal_is_regenerated_once_and_counted(batch: UploadBatch, server: ModelServer) -> None:
    server.behaviour = Behaviour(text="I'm sorry, I cannot help with that.")

    assert process(batch).status == ItemStatus.COMPLETED

    upload = Upload.objects.get()
    assert upload.regenerations == 1
    assert upload.audit_score is not None
    assert upload.audit_score < 40
    assert [path for path, _body in server.requests] == ["/api/chat", "/api/chat", "/api/embed"]
