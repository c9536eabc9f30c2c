"""Providers that ask a model server: Ollama, or any server with the protocol of OpenAI."""
