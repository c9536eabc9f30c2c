"""Providers that use a model server, tested with a server in this process."""

import gzip
import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pytest_django import Settings

from tests.support.model_server import Behaviour, ModelServer, model_server
from uploads.analysis.base import Description, DescriptionEmbedder, Label, Redescriber
from uploads.analysis.model_servers import client, providers
from uploads.analysis.model_servers.ollama import OllamaDescriber, OllamaEmbedder, OllamaQueries
from uploads.analysis.model_servers.openai import OpenAIDescriber, OpenAIEmbedder, OpenAIQueries
from uploads.analysis.model_servers.providers import ServerDescriber
from uploads.errors import EnvironmentalError, ProcessingError, TransientError
from uploads.models import Upload

pytestmark = pytest.mark.slow

FRAME = Image.new("RGB", (320, 240), "red")
Describers = type[OllamaDescriber] | type[OpenAIDescriber]
DESCRIBERS = [OllamaDescriber, OpenAIDescriber]


@pytest.fixture
def server(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    """A server, from which queries, too, wait as long for an answer as the settings say."""
    monkeypatch.setattr(providers, "QUERY_SECONDS", 60.0)
    monkeypatch.setattr(providers, "QUERY_CONNECT_SECONDS", 60.0)
    with model_server() as found:
        use(settings, found)
        yield found


def use(settings: Settings, server: ModelServer, **values: Any) -> None:
    settings.OLLAMA = server.settings(**values)
    settings.OPENAI = server.settings(**{"url": f"{server.url}/v1", **values})


def raised(describer: ServerDescriber) -> ProcessingError:
    with pytest.raises(ProcessingError) as error:
        describer.describe([FRAME])
    return error.value


@pytest.mark.parametrize("provider", DESCRIBERS)
def test_picture_is_described(server: ModelServer, provider: Describers) -> None:
    describer = provider()

    description = describer.describe([FRAME])

    assert isinstance(describer, Redescriber)
    assert description == Description((), "A cat sleeps on a red sofa.", model=f"{describer.name}:qwen2.5vl")
    assert len(server.requests) == 1


@pytest.mark.parametrize(("provider", "queries"), [(OllamaEmbedder, OllamaQueries), (OpenAIEmbedder, OpenAIQueries)])
def test_description_and_query_have_comparable_vectors(
    server: ModelServer, provider: type[OllamaEmbedder], queries: type[OllamaQueries]
) -> None:
    embedder, encoder = provider(), queries()

    embedding = embedder.embed(Description((Label("cat", 0.9),), "A cat."))

    assert isinstance(embedder, DescriptionEmbedder)
    assert (embedding.model, embedding.dimensions) == (f"{embedder.name}:bge-m3@16", 16)
    assert encoder.model == embedding.model
    assert embedding.vector == pytest.approx(encoder.embed_query("a cat cat").numbers)
    assert sum(one * one for one in embedding.vector or ()) == pytest.approx(1)


def test_picture_without_description_has_no_vector(server: ModelServer) -> None:
    assert OllamaEmbedder().embed(Description((), "")).vector is None
    assert server.requests == []


def test_repeated_query_asks_the_server_once(server: ModelServer) -> None:
    queries = OllamaQueries()

    assert queries.embed_query("cat") == queries.embed_query("cat")
    assert len(server.requests) == 1


def test_query_fails_at_once_after_a_failure(server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "PAUSE_SECONDS", 3600.0)
    server.behaviour = Behaviour(statuses=[502])
    queries = OllamaQueries()

    for text in ("cat", "dog"):
        with pytest.raises(EnvironmentalError, match=r"model\.away"):
            queries.embed_query(text)

    assert len(server.requests) == 1


def test_vectors_of_another_length_have_another_model(server: ModelServer) -> None:
    embedder, queries = OllamaEmbedder(), OllamaQueries()
    before = [embedder.embed(Description((), "A cat.")).model, queries.embed_query("cat").model]
    queries.embed_query("dog")

    server.behaviour = Behaviour(dimensions=8)
    after = [embedder.embed(Description((), "A cat.")).model, queries.embed_query("horse").model]

    assert (before, after) == (["ollama:bge-m3@16"] * 2, ["ollama:bge-m3@8"] * 2)
    assert len(queries.embed_query("cat").numbers) == 8


@pytest.mark.parametrize(
    "behaviour", [Behaviour(hang=True), Behaviour(statuses=[503] * 3, retry_after="1"), Behaviour(statuses=[500] * 3)]
)
def test_query_is_sent_once(server: ModelServer, settings: Settings, behaviour: Behaviour) -> None:
    use(settings, server, read_seconds=0.2)
    server.behaviour = behaviour

    with pytest.raises(EnvironmentalError):
        OllamaQueries().embed_query("cat")

    assert server.received.acquire(timeout=60)  # a request may arrive after the client has given up
    assert len(server.requests) == 1


def test_query_does_not_wait_long_for_a_connection(
    server: ModelServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(providers, "QUERY_SECONDS", 60.0)
    monkeypatch.setattr(providers, "QUERY_CONNECT_SECONDS", 1.0)
    use(settings, server, concurrency=1, connect_seconds=5.0)
    server.behaviour = Behaviour(hang=True)
    queries = OllamaQueries()
    with ThreadPoolExecutor(1) as thread:
        hanging = thread.submit(queries.embed_query, "cat")
        assert server.received.acquire(timeout=60)

        with pytest.raises(EnvironmentalError, match=r"model\.away"):
            queries.embed_query("dog")

        server.released.set()
        hanging.exception()
    assert len(server.requests) == 1


def test_video_is_sent_as_four_of_its_frames(server: ModelServer) -> None:
    OllamaDescriber().describe([FRAME] * 8)

    [(_path, body)] = server.requests
    assert len(body["messages"][0]["images"]) == 4


def test_prompt_file_and_language_are_used(server: ModelServer, settings: Settings, tmp_path: Path) -> None:
    settings.PROMPT_FILE = tmp_path / "prompt.txt"
    settings.PROMPT_FILE.write_text("One word in {language}.")
    settings.DESCRIPTION_LANGUAGE = "de"

    assert OllamaDescriber().describe([FRAME]).language == "de"
    assert server.requests[0][1]["messages"][0]["content"] == "One word in German."


def test_second_description_uses_a_higher_temperature(server: ModelServer) -> None:
    describer = OllamaDescriber()

    describer.describe([FRAME])
    describer.describe_again([FRAME])

    first, second = (body["options"]["temperature"] for _path, body in server.requests)
    assert first < second


@pytest.mark.parametrize(
    ("text", "finish", "expected"),
    [
        ('"A cat."', "stop", "A cat."),
        ("<think>Is it a dog?</think>\n A\0 cat.", "stop", "A\N{REPLACEMENT CHARACTER} cat."),
        ("A cat. It is sle", "length", "A cat."),
        ("A cat. " * 400, "stop", ("A cat. " * 285).strip()),
    ],
)
def test_answer_is_cleaned(server: ModelServer, text: str, finish: str, expected: str) -> None:
    server.behaviour = Behaviour(text=text, finish=finish)

    assert OllamaDescriber().describe([FRAME]).description == expected


@pytest.mark.parametrize("provider", DESCRIBERS)
@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (Behaviour(text=" "), "it is empty"),
        (Behaviour(text=None), "it contains no text"),  # type: ignore[arg-type]
        (Behaviour(body=b'{"message": {"content": "A c'), "it is not JSON"),
        (Behaviour(body=b"<html>502</html>"), "it is not JSON"),
        (Behaviour(body=b"[" * 100_000), "it is not JSON"),
        (Behaviour(body=b"[]"), "it has no"),
        (Behaviour(body=b'{"choices": "A", "message": "B"}'), "it has no"),
        (Behaviour(body=json.dumps({"message": {"content": "x" * 10_000_000}}).encode()), "longer than 1024 KiB"),
    ],
    ids=["empty", "null", "truncated", "html", "nested", "list", "strings", "10 MB"],
)
def test_unusable_answer_is_a_transient_error_with_the_reason(
    server: ModelServer, provider: Describers, behaviour: Behaviour, reason: str
) -> None:
    server.behaviour = behaviour

    error = raised(provider())

    assert isinstance(error, TransientError)
    assert error.code == "model.answer"
    assert reason in error.message


@pytest.mark.parametrize("encoding", ["gzip", "br", "gzip, gzip"])
def test_compressed_answer_is_refused(server: ModelServer, encoding: str) -> None:
    body = gzip.compress(json.dumps({"message": {"content": "A cat."}, "done_reason": "stop"}).encode())
    server.behaviour = Behaviour(body=body, encoding=encoding)

    error = raised(OllamaDescriber())

    assert (error.code, "it is compressed" in error.message) == ("model.answer", True)


def test_compressed_error_page_does_not_hide_the_status(server: ModelServer) -> None:
    server.behaviour = Behaviour(statuses=[502], encoding="gzip")

    assert raised(OllamaDescriber()).code == "model.away"


@pytest.mark.parametrize("numbers", ["[]", "[0, 0]", "[NaN, 1]", '["a"]', "null", "[1e999]", f"[{'9' * 400}]"])
def test_unusable_vector_is_a_transient_error(server: ModelServer, numbers: str) -> None:
    server.behaviour = Behaviour(body=f'{{"embeddings": [{numbers}]}}'.encode())

    with pytest.raises(TransientError, match=r"model\.answer"):
        OllamaEmbedder().embed(Description((), "A cat."))


def test_server_that_is_not_running_is_unavailable(settings: Settings) -> None:
    with model_server() as server:
        use(settings, server)

    error = raised(OllamaDescriber())

    assert isinstance(error, EnvironmentalError)
    assert error.code == "model.away"
    assert f"{server.url.removeprefix('http://')} cannot be reached" in error.message
    assert "refused" in error.message


@pytest.mark.parametrize("behaviour", [Behaviour(hang=True), Behaviour(seconds=60.0), Behaviour(cut=True)])
def test_hanging_slow_or_breaking_server_is_environmental(
    server: ModelServer, settings: Settings, behaviour: Behaviour
) -> None:
    use(settings, server, read_seconds=0.2)
    server.behaviour = behaviour

    error = raised(OllamaDescriber())

    assert isinstance(error, EnvironmentalError)
    assert error.code == "model.failing"
    assert all(server.received.acquire(timeout=60) for _ in range(2))
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (Behaviour(hang=True, only_pictures=True), "no answer within 5 s"),
        (Behaviour(cut=True, only_pictures=True), "closed before"),
        (Behaviour(statuses=[500], only_pictures=True), 'HTTP status 500: {"error": "something broke"}'),
        (Behaviour(statuses=[400], only_pictures=True), "HTTP status 400"),
    ],
)
def test_failure_with_one_picture_only_is_transient(
    server: ModelServer, settings: Settings, behaviour: Behaviour, reason: str
) -> None:
    use(settings, server, read_seconds=5.0 if behaviour.hang else 60.0)
    server.behaviour = behaviour

    error = raised(OllamaDescriber())

    assert isinstance(error, TransientError)
    assert error.code == "model.picture"
    assert reason in error.message


@pytest.mark.parametrize(("statuses", "requests"), [([429], 2), ([503, 429], 3)])
def test_request_to_a_busy_server_is_repeated(server: ModelServer, statuses: list[int], requests: int) -> None:
    server.behaviour = Behaviour(statuses=statuses)

    assert OllamaDescriber().describe([FRAME]).description
    assert len(server.requests) == requests


@pytest.mark.parametrize(
    ("retry_after", "statuses", "requests"),
    [("0", [429] * 3, 3), ("3600", [503], 1), ("Fri, 01 Jan 2100 00:00:00 GMT", [503], 1)],
)
def test_server_that_stays_busy_is_environmental(
    server: ModelServer, retry_after: str, statuses: list[int], requests: int
) -> None:
    server.behaviour = Behaviour(statuses=statuses, retry_after=retry_after)

    error = raised(OllamaDescriber())

    assert (type(error), error.code) == (EnvironmentalError, "model.busy")
    assert len(server.requests) == requests


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), ("-1", 0.0), ("", 2.0), ("soon", 2.0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0)]
)
def test_retry_after_is_seconds_or_a_date(header: str, seconds: float) -> None:
    assert client._retry_seconds(header, 1) == seconds


@pytest.mark.parametrize("status", [502, 504])
def test_proxy_without_its_server_is_unavailable(server: ModelServer, status: int) -> None:
    server.behaviour = Behaviour(statuses=[status])

    assert raised(OllamaDescriber()).code == "model.away"


def test_missing_model_is_named_with_its_fix(server: ModelServer, settings: Settings) -> None:
    use(settings, server, model="llava")

    error = raised(OllamaDescriber())

    assert isinstance(error, EnvironmentalError)
    assert error.message.startswith("Model llava is not pulled: ollama pull llava")


def test_key_is_sent_and_never_shown(server: ModelServer, settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    use(settings, server, key="sk-secret")
    server.behaviour = Behaviour(key="sk-secret", statuses=[500, 500], error="wrong key sk-secret")

    error = raised(OpenAIDescriber())

    assert error.code == "model.failing"
    assert "wrong key …" in error.message
    assert "sk-secret" not in f"{error} {settings.OPENAI!r} {caplog.text}"


def test_refused_key_is_environmental(server: ModelServer) -> None:
    server.behaviour = Behaviour(key="sk-secret")

    error = raised(OpenAIDescriber())

    assert (type(error), error.code) == (EnvironmentalError, "model.denied")
    assert "OPENAI_API_KEY" in error.message


@pytest.mark.parametrize(
    ("model", "edited", "language"), [("ollama:qwen2.5vl", False, "de"), ("local", False, "en"), ("openai:x", True, "")]
)
def test_pages_mark_the_language_of_descriptions(settings: Settings, model: str, edited: bool, language: str) -> None:
    settings.DESCRIPTION_LANGUAGE = "de"

    assert Upload(description_model=model, description_edited=edited).description_language == language
