"""The describer, embedder and query encoder for model servers, independent of the protocol."""

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from django.conf import settings
from PIL import Image

from uploads.analysis.base import Description, PictureVector, QueryVector
from uploads.analysis.model_servers.answers import unit_vector
from uploads.analysis.model_servers.client import ModelClient
from uploads.analysis.model_servers.questions import (
    TEMPERATURE,
    TEMPERATURE_AGAIN,
    encode_frames,
    read_prompt,
    small_picture,
    text_to_embed,
)
from uploads.analysis.model_servers.server_settings import ServerSettings
from uploads.errors import EnvironmentalError

QUERY_SECONDS, QUERY_CONNECT_SECONDS = 2.0, 1.0
PAUSE_SECONDS = 10.0
_CACHED_QUERIES = 500


class ServerProtocol(ABC):
    """The requests and answers of an API. `missing` completes “Model x is …” and says how to provide the model."""

    name: str
    missing: str
    chat_path: str
    embedding_path: str

    @abstractmethod
    def chat(self, model: str, prompt: str, pictures: Sequence[str], temperature: float) -> Mapping[str, Any]:
        """Return the request for a description of `pictures`, JPEGs encoded in base64."""

    @abstractmethod
    def description(self, answer: Any) -> str:
        """Return the description in the answer to chat(). Raises TransientError `model.answer`."""

    @abstractmethod
    def embedding(self, model: str, text: str) -> Mapping[str, Any]:
        """Return the request for the vector of `text`."""

    @abstractmethod
    def vector(self, answer: Any) -> Any:
        """Return the vector in the answer to embedding(), unchecked. Raises TransientError `model.answer`."""


class ServerDescriber:
    """A Redescriber whose model runs on a server."""

    computes = False

    def __init__(self, protocol: ServerProtocol, server: ServerSettings) -> None:
        self.name = protocol.name
        self._protocol = protocol
        self._model = server.model
        self._prompt = read_prompt()
        self._client = ModelClient(server, protocol.missing)

    def describe(self, frames: Sequence[Image.Image]) -> Description:
        """See Describer.describe; no labels are returned."""
        return self._ask(frames, TEMPERATURE)

    def describe_again(self, frames: Sequence[Image.Image]) -> Description:
        """See Redescriber.describe_again."""
        return self._ask(frames, TEMPERATURE_AGAIN)

    def _ask(self, frames: Sequence[Image.Image], temperature: float) -> Description:
        protocol, model = self._protocol, self._model
        body = protocol.chat(model, self._prompt, encode_frames(frames), temperature)
        harmless = protocol.chat(model, "Which colour is this?", [small_picture()], temperature)
        text = protocol.description(self._client.post(protocol.chat_path, body, harmless))
        return Description((), text, model=f"{self.name}:{model}", language=settings.DESCRIPTION_LANGUAGE)


class ServerEmbedder:
    """A DescriptionEmbedder whose model runs on a server."""

    computes = False

    def __init__(self, protocol: ServerProtocol, server: ServerSettings) -> None:
        self.name = protocol.name
        self._protocol = protocol
        self._model = server.embedding_model
        self._client = ModelClient(server, protocol.missing)

    def embed(self, description: Description) -> PictureVector:
        """See DescriptionEmbedder.embed."""
        text = text_to_embed(description)
        if not text:
            return PictureVector(self._model, None, 0)
        protocol = self._protocol
        body, harmless = protocol.embedding(self._model, text), protocol.embedding(self._model, "picture")
        vector = unit_vector(protocol.vector(self._client.post(protocol.embedding_path, body, harmless)))
        return PictureVector(_model_of(self.name, self._model, vector), vector, len(vector))


class ServerQueries:
    """A QueryEncoder for the vectors of a ServerEmbedder. Its timeouts are short, because a user is waiting.

    After a server failure, queries fail immediately for PAUSE_SECONDS.
    """

    # Not calibrated. With most text embedding models, unrelated texts have cosines of 0.3 to 0.45.
    hit_fit = 0.5

    def __init__(self, protocol: ServerProtocol, server: ServerSettings) -> None:
        self._protocol = protocol
        self._model = server.embedding_model
        self._client = ModelClient(_for_queries(server), protocol.missing)
        self._failure: tuple[float, EnvironmentalError] | None = None
        self._latest = ""
        self.embed_query = lru_cache(_CACHED_QUERIES)(self._embed)

    @property
    def model(self) -> str:
        """See QueryEncoder.model."""
        return self._embed("picture").model

    def _embed(self, text: str) -> QueryVector:
        """Return the vector of `text`. Raises EnvironmentalError and TransientError, which are not cached."""
        if self._failure is not None and time.monotonic() < self._failure[0]:
            raise self._failure[1]
        protocol = self._protocol
        try:
            answer = self._client.post_once(protocol.embedding_path, protocol.embedding(self._model, text))
        except EnvironmentalError as error:
            self._failure = time.monotonic() + PAUSE_SECONDS, error
            raise
        self._failure = None
        vector = unit_vector(protocol.vector(answer))
        found = QueryVector(_model_of(protocol.name, self._model, vector), vector)
        if found.model != self._latest:
            self.embed_query.cache_clear()  # the server now has another model under the same name
            self._latest = found.model
        return found


def _model_of(provider: str, model: str, vector: tuple[float, ...]) -> str:
    """Return a name that includes the vector length, because a server may replace a model and keep its name."""
    return f"{provider}:{model}@{len(vector)}"


def _for_queries(server: ServerSettings) -> ServerSettings:
    return replace(
        server,
        connect_seconds=min(QUERY_CONNECT_SECONDS, server.connect_seconds),
        pool_seconds=QUERY_CONNECT_SECONDS,
        read_seconds=min(QUERY_SECONDS, server.read_seconds),
    )
