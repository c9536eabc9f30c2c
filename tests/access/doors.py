"""Every address of the site, and how it refuses."""

from dataclasses import dataclass, field
from typing import Any

from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.http import StreamingHttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.access.there import There
from tests.support.batches import digest


@dataclass(frozen=True)
class Door:
    """An address by its name; `ids` name what is Anna's. `answers`: the statuses that refuse."""

    name: str
    ids: tuple[str, ...] = ()
    method: str = "GET"
    query: str = ""
    body: dict[str, Any] = field(default_factory=dict)
    json: bool = False
    htmx: bool = False
    answers: tuple[int, ...] = (404,)

    def __str__(self) -> str:
        how = " htmx" if self.htmx else ""
        return f"{self.method} {self.name}{self.query}{how} {' '.join(self.body)}".strip()

    def path(self, there: There) -> str:
        """The address."""
        numbers = [320 if name == "side" else getattr(there, name).pk for name in self.ids]
        return reverse(self.name, args=numbers) + self.query.format(there=there)

    def filled(self, there: There) -> dict[str, Any]:
        """The form."""
        return {key: value(there) if callable(value) else value for key, value in self.body.items()}


def now(_there: There) -> str:
    """The newest failure that a page may have shown."""
    return timezone.now().isoformat()


B = ("batch",)
BUTTONS = ["pause", "resume", "cancel", "finish", "retry", "reanalyse"]
FILE = {"relative_path": "a", "filename": "a", "last_modified": "1", "size": 1000, "sha256": "0" * 64}
CAUSE = {"code": "item.internal", "until": now}
DOORS = [
    Door("batch-detail", B),
    Door("batch-detail", B, htmx=True),
    Door("batch-detail", B, query="?show=failed&name=IMG", htmx=True),
    Door("batch-detail", B, method="HEAD"),
    Door("batch-cancel", B),
    Door("batch-delete", B),
    Door("batch-delete", B, method="POST"),
    Door("batch-name", B),
    Door("batch-name", B, htmx=True),
    Door("batch-name", B, query="?keep", htmx=True),
    Door("batch-name", B, method="POST", body={"name": "taken"}),
    Door("batch-name", B, method="POST", body={"name": ""}, htmx=True),
    Door("item-detail", ("batch", "item")),
    Door("item-detail", ("batch", "item"), htmx=True),
    Door("item-detail", ("own", "item")),
    *[Door(f"batch-{name}", B, method="POST") for name in BUTTONS],
    Door("batch-retry", ("own",), method="POST", body={"item": lambda there: there.item.id}),
    Door("batch-seal", B, method="POST"),
    Door("batch-manifest", B, method="POST", json=True, body={"after": 0}),
    Door("batch-known", B, method="POST", json=True, body={"files": [FILE]}),
    Door("batch-new", query="?batch={there.batch.id}"),
    Door("upload-detail", ("upload",)),
    Door("upload-preview", ("upload", "side")),
    Door("upload-original", ("upload",)),
    Door("upload-delete", query="?id={there.upload.id}"),
    # These ask for what is the caller's own, so that they have nothing to refuse.
    Door("upload-delete", method="POST", body={"id": lambda there: there.upload.id}, answers=(302,)),
    Door("failures-retry", method="POST", body=CAUSE, answers=(302,)),
    Door("failures-dismiss", method="POST", body=CAUSE, answers=(302,)),
    Door("failures", answers=(200,)),
    Door("failures-csv", answers=(200,)),
    Door("failures-csv", query="?code=item.internal", answers=(200,)),
    Door("home", answers=(302,)),
    Door("batch-list", answers=(200,)),
    Door("batch-list", htmx=True, answers=(200,)),
    Door("upload-list", answers=(200,)),
    Door("batch-new", answers=(200,)),
    Door("batch-unfinished", method="POST", json=True, answers=(200,), body={"fingerprints": [digest("coming")]}),
    Door("batch-known-sizes", method="POST", json=True, answers=(200,), body={"sizes": [9, 1000]}),
    Door("password-change", answers=(200,)),
    Door("password-changed", answers=(200,)),
]
# Nobody's: they tell of no one.
OPEN = {"favicon", "login", "logout", "language", "javascript-catalog", "batch-open"}


def knock(person: User | None, door: Door, there: There) -> tuple[int, str, str]:
    """Status, place it leads to, and words."""
    client = Client()
    if person is not None:
        client.force_login(person)
    body: dict[str, Any] = {}
    if door.method == "POST":
        body["data"] = door.filled(there)
        body |= {"content_type": "application/json"} if door.json else {}
    asking = getattr(client, door.method.lower())
    answer = asking(door.path(there), **body, headers={"HX-Request": "true"} if door.htmx else {})
    words = async_to_sync(whole)(answer) if isinstance(answer, StreamingHttpResponse) else answer.content
    return answer.status_code, answer.headers.get("Location", ""), words.decode()


async def whole(answer: StreamingHttpResponse) -> bytes:
    """All that is sent."""
    return b"".join([piece async for piece in aiter(answer)])
