"""Searches on a site whose vectors are computed by a model server."""

from collections.abc import Iterator
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from batches.models import UploadBatch
from batches.worker.search_maintenance import start_updates
from tests.support.batches import make_upload
from tests.support.html import compact
from tests.support.model_server import Behaviour, ModelServer, model_server
from uploads.analysis import registry
from uploads.analysis.base import Description
from uploads.analysis.model_servers import providers
from uploads.analysis.model_servers.ollama import OllamaEmbedder
from uploads.models import Embedding, Upload
from uploads.search.encoders import owner_encoders, site_model
from uploads.search.language import parse_query
from uploads.search.results import search


@pytest.fixture
def server(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    monkeypatch.setattr(registry, "_objects", {})
    monkeypatch.setattr(providers, "QUERY_SECONDS", 60.0)
    monkeypatch.setattr(providers, "QUERY_CONNECT_SECONDS", 60.0)
    with model_server() as server:
        settings.EMBEDDER, settings.OLLAMA = "ollama", server.settings()
        yield server


def add_picture(owner: User, number: int, description: str) -> Upload:
    upload = make_upload(owner, number)
    Upload.objects.filter(id=upload.id).update(processed_at=timezone.now(), description=description)
    found = OllamaEmbedder().embed(Description((), description))
    Embedding.objects.create(upload=upload, owner=owner, model=found.model, vector=list(found.vector or ()))
    return upload


def test_model_with_vectors_of_another_length_is_a_new_model(anna: User, server: ModelServer) -> None:
    old = add_picture(anna, 1, "cat")
    server.behaviour = Behaviour(dimensions=8)
    new = add_picture(anna, 2, "cat")

    found = search(anna.id, parse_query("cat"), owner_encoders(anna.id), 1)
    [batch_id] = start_updates(site_model() or "")

    assert {hit.upload.id for hit in found.hits} == {old.id, new.id}
    assert not found.incomplete
    assert [item.upload_id for item in UploadBatch.objects.get(id=batch_id).items.all()] == [old.id]


def test_page_says_that_the_server_did_not_answer(
    anna: User, server: ModelServer, client: Client, settings: Settings
) -> None:
    add_picture(anna, 1, "cat")
    client.force_login(anna)
    server.behaviour = Behaviour(hang=True)
    settings.OLLAMA = server.settings(read_seconds=0.5)
    registry._objects.clear()  # so that the next client has the new settings

    html = compact(unescape(client.get(reverse("search"), {"q": "cat"}).content.decode()))

    assert "1 result" in html
    assert "did not respond in time" in html
