"""Protocol and providers for Ollama (github.com/ollama/ollama, docs/api.md)."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings

from uploads.analysis.model_servers.answers import clean_text, find
from uploads.analysis.model_servers.providers import ServerDescriber, ServerEmbedder, ServerProtocol, ServerQueries
from uploads.analysis.model_servers.questions import MAX_TOKENS

_KEEP_LOADED = "15m"


class OllamaProtocol(ServerProtocol):
    """Ollama's native protocol."""

    name = "ollama"
    missing = "not pulled: ollama pull %(model)s"
    chat_path = "api/chat"
    embedding_path = "api/embed"

    def chat(self, model: str, prompt: str, pictures: Sequence[str], temperature: float) -> Mapping[str, Any]:
        """See ServerProtocol.chat."""
        return {
            "model": model,
            "messages": [{"role": "user", "content": prompt, "images": list(pictures)}],
            "options": {"temperature": temperature, "num_predict": MAX_TOKENS},
            "keep_alive": _KEEP_LOADED,
            "stream": False,
        }

    def description(self, answer: Any) -> str:
        """See ServerProtocol.description."""
        text = find(answer, "message", "content")
        return clean_text(text, finished=answer.get("done_reason") != "length")

    def embedding(self, model: str, text: str) -> Mapping[str, Any]:
        """See ServerProtocol.embedding."""
        return {"model": model, "input": text, "truncate": True, "keep_alive": _KEEP_LOADED}

    def vector(self, answer: Any) -> Any:
        """See ServerProtocol.vector."""
        return find(answer, "embeddings", 0)


class OllamaDescriber(ServerDescriber):
    """Describes pictures with VUEMANTICS_OLLAMA_MODEL."""

    def __init__(self) -> None:
        super().__init__(OllamaProtocol(), settings.OLLAMA)


class OllamaEmbedder(ServerEmbedder):
    """Embeds descriptions with VUEMANTICS_OLLAMA_EMBEDDING_MODEL."""

    def __init__(self) -> None:
        super().__init__(OllamaProtocol(), settings.OLLAMA)


class OllamaQueries(ServerQueries):
    """Embeds queries with the model of OllamaEmbedder."""

    def __init__(self) -> None:
        super().__init__(OllamaProtocol(), settings.OLLAMA)
