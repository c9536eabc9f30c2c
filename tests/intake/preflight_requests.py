"""A picture, and JSON requests like those of the upload page, for tests."""

from typing import Any

from django.test import Client

from tests.support.images import encoded, textured

PICTURE = encoded(textured(32, 24), "JPEG")


def post(client: Client, path: str, content: object) -> tuple[int, Any]:
    answer = client.post(path, content, content_type="application/json")
    return answer.status_code, answer.json()
