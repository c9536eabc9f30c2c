"""Protocol and providers for OpenAI's API (platform.openai.com/docs/api-reference), which vLLM and llama.cpp offer."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings

from uploads.analysis.model_servers.answers import clean_text, find
from uploads.analysis.model_servers.providers import ServerDescriber, ServerEmbedder, ServerProtocol, ServerQueries
from uploads.analysis.model_servers.questions import MAX_TOKENS


class OpenAIProtocol(ServerProtocol):
    """Chat completions with pictures, and embeddings. The URL of the server ends with "/v1"."""

    name = "openai"
    missing = "not loaded, or VUEMANTICS_OPENAI_URL has the wrong path"
    chat_path = "chat/completions"
    embedding_path = "embeddings"

    def chat(self, model: str, prompt: str, pictures: Sequence[str], temperature: float) -> Mapping[str, Any]:
        """See ServerProtocol.chat."""
        urls = [{"url": f"data:image/jpeg;base64,{picture}"} for picture in pictures]
        content = [{"type": "text", "text": prompt}, *({"type": "image_url", "image_url": url} for url in urls)]
        return {
            "model": model,
            "messages": [{"role": "user", "content": content}],
            "temperature": temperature,
            "max_tokens": MAX_TOKENS,
        }

    def description(self, answer: Any) -> str:
        """See ServerProtocol.description."""
        choice = find(answer, "choices", 0)
        text = find(choice, "message", "content")
        return clean_text(text, finished=choice.get("finish_reason") != "length")

    def embedding(self, model: str, text: str) -> Mapping[str, Any]:
        """See ServerProtocol.embedding."""
        return {"model": model, "input": text, "encoding_format": "float"}

    def vector(self, answer: Any) -> Any:
        """See ServerProtocol.vector."""
        return find(answer, "data", 0, "embedding")


class OpenAIDescriber(ServerDescriber):
    """Describes pictures with VUEMANTICS_OPENAI_MODEL."""

    def __init__(self) -> None:
        super().__init__(OpenAIProtocol(), settings.OPENAI)


class OpenAIEmbedder(ServerEmbedder):
    """Embeds descriptions with VUEMANTICS_OPENAI_EMBEDDING_MODEL."""

    def __init__(self) -> None:
        super().__init__(OpenAIProtocol(), settings.OPENAI)


class OpenAIQueries(ServerQueries):
    """Embeds queries with the model of OpenAIEmbedder."""

    def __init__(self) -> None:
        super().__init__(OpenAIProtocol(), settings.OPENAI)
