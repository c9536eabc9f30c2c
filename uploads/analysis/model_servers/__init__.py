"""Providers that use a model server: Ollama, or any server with OpenAI's API."""
