"""The site's URLs outside the admin, and the responses that are allowed if users request another user's rows."""

from dataclasses import dataclass, field
from typing import Any

from asgiref.sync import async_to_sync
from django.http import StreamingHttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.access.access_data import AccessData
from tests.support.batches import digest


@dataclass(frozen=True)
class Endpoint:
    """A request to the URL called `name`.

    `ids` names the AccessData attributes whose primary keys go into the path; the name "side" stands for a preview
    size. Placeholders in `query` are filled from the AccessData, which is also passed to the callables in `body`.
    `answers` lists the response statuses that are allowed for a user who does not own these rows.
    """

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

    def path(self, data: AccessData) -> str:
        numbers = [320 if name == "side" else getattr(data, name).pk for name in self.ids]
        return reverse(self.name, args=numbers) + self.query.format(data=data)

    def form(self, data: AccessData) -> dict[str, Any]:
        return {key: value(data) if callable(value) else value for key, value in self.body.items()}


def now(_data: AccessData) -> str:
    """Return the current time in ISO 8601 format, for the form fields `until` and `at`."""
    return timezone.now().isoformat()


B = ("batch",)
BUTTONS = ["pause", "resume", "cancel", "finish", "retry", "reanalyse", "album"]
FILE = {"relative_path": "a", "filename": "a", "last_modified": "1", "size": 1000, "sha256": "0" * 64}
CHOSEN = {"picture": lambda data: data.upload.id}
CONFIRMED = {"picture": lambda data: data.trashed.id, "confirmed": "1"}
TYPED = ("Kod", "Zan", "Timbukt", "okap", "safar")
FILTERS = ("import:Zan", "import:%23{data.batch.id}", "place:Timbukt", "camera:Kod", "text&sort=date")
LISTS = ("import:{data.batch.id}", "album:{data.album.id}", "similar:{data.upload.id}", "search:has:camera", "trash")
CAUSE = {"code": "item.internal", "until": now}
ENDPOINTS = [
    Endpoint("batch-detail", B),
    Endpoint("batch-detail", B, htmx=True),
    Endpoint("batch-detail", B, query="?show=failed&name=IMG", htmx=True),
    Endpoint("batch-detail", B, method="HEAD"),
    Endpoint("batch-ledger-csv", B),
    Endpoint("batch-ledger-json", B),
    Endpoint("batch-cancel", B),
    Endpoint("batch-finish", B),
    Endpoint("batch-delete", B),
    Endpoint("batch-delete", B, method="POST"),
    Endpoint("batch-name", B),
    Endpoint("batch-name", B, htmx=True),
    Endpoint("batch-name", B, query="?keep", htmx=True),
    Endpoint("batch-name", B, method="POST", body={"name": "taken"}),
    Endpoint("batch-name", B, method="POST", body={"name": ""}, htmx=True),
    Endpoint("item-detail", ("batch", "item")),
    Endpoint("item-detail", ("batch", "item"), htmx=True),
    Endpoint("item-detail", ("own", "item")),
    *[Endpoint(f"batch-{name}", B, method="POST") for name in BUTTONS],
    Endpoint("batch-retry", ("own",), method="POST", body={"item": lambda data: data.item.id}),
    Endpoint("batch-seal", B, method="POST"),
    Endpoint("batch-manifest", B, method="POST", json=True, body={"after": 0}),
    Endpoint("batch-announce", B, method="POST", json=True, body={"files": [FILE]}),
    Endpoint("batch-ignored", B, method="POST", body={"files": [FILE | {"reason": "junk"}]}, json=True),
    Endpoint("batch-keep-alive", B, method="POST", json=True),
    Endpoint("batch-unsent", B, method="POST", json=True, body={"files": [FILE]}),
    Endpoint("batch-new", query="?batch={data.batch.id}"),
    Endpoint("upload-detail", ("upload",)),
    Endpoint("upload-detail", ("upload",), query="?in=import:{data.batch.id}"),
    Endpoint("upload-detail", ("upload",), query="?in=search:text"),
    *[Endpoint("upload-detail", ("own_upload",), query=f"?in={name}", answers=(200, 404)) for name in LISTS],
    Endpoint("upload-description", ("upload",), method="POST", body={"text": "taken"}),
    Endpoint("upload-labels", ("upload",), method="POST", body={"remove": "text"}),
    Endpoint("upload-labels", ("upload",), method="POST", body={"restore": "text"}),
    Endpoint("upload-preview", ("upload", "side")),
    Endpoint("upload-original", ("upload",)),
    Endpoint("upload-animation", ("upload",)),
    Endpoint("upload-motion", ("upload",)),
    Endpoint("upload-similar", ("upload",)),
    # Many of the URLs below ignore other users' rows instead of refusing the request.
    Endpoint("upload-trash", method="POST", body={"picture": lambda data: data.upload.id}, answers=(302,)),
    *[
        Endpoint(name, query="?picture={data.upload.id}", answers=(302,))
        for name in ("upload-dates", "upload-locations")
    ],
    *[Endpoint(f"upload-{name}", method="POST", body=CHOSEN, answers=(302,)) for name in ("hide", "unhide")],
    Endpoint("upload-dates", method="POST", body=CHOSEN | {"how": "original"}, answers=(302,)),
    Endpoint("upload-locations", method="POST", body=CHOSEN | {"how": "remove"}, answers=(302,)),
    Endpoint("upload-edit-undo", ("edit",), method="POST"),
    Endpoint("upload-download", method="POST", body={"picture": lambda data: data.upload.id}, answers=(200, 404)),
    Endpoint("upload-reanalyse", method="POST", body=CHOSEN, answers=(302,)),
    Endpoint("albums", answers=(200,)),
    Endpoint("album-add", method="POST", body=CHOSEN | {"name": "Mine"}, answers=(302,)),
    Endpoint("album-add", method="POST", body=CHOSEN | {"album": lambda data: data.album.id}),
    Endpoint("album", ("album",)),
    Endpoint("album-change", ("album",), method="POST", body={"name": "Stolen"}),
    Endpoint("album-delete", ("album",)),
    Endpoint("album-delete", ("album",), method="POST"),
    Endpoint("album-download", ("album",), method="POST"),
    Endpoint("album-share", ("album",), method="POST", body={"days": "7"}),
    Endpoint("album-revoke", ("album", "share"), method="POST"),
    Endpoint("album-revoke", ("own_album", "share"), method="POST", answers=(302, 404)),
    Endpoint("guest-links", answers=(200,)),
    Endpoint("guest-links", method="POST", answers=(200,)),
    Endpoint("guest-link-revoke", method="POST", body={"link": lambda data: data.guest_link.id}, answers=(302,)),
    Endpoint("trash", answers=(200,)),
    Endpoint("trash-undo", method="POST", query="?at={data.trashed.trashed_at:%Y-%m-%dT%H:%M:%S.%fZ}", answers=(302,)),
    Endpoint("trash-restore", method="POST", body={"picture": lambda data: data.trashed.id}, answers=(302,)),
    Endpoint("trash-delete", method="POST", body={"picture": lambda data: data.trashed.id}, answers=(302,)),
    Endpoint("trash-delete", method="POST", body=CONFIRMED, answers=(302,)),
    Endpoint("trash-empty", method="POST", answers=(200,)),
    Endpoint("trash-empty", method="POST", body={"confirmed": "1", "until": now}, answers=(302,)),
    Endpoint("library-reanalyse", answers=(200,)),
    Endpoint("library-reanalyse", method="POST", answers=(302,)),
    Endpoint("failures-retry", method="POST", body=CAUSE, answers=(302,)),
    Endpoint("failures-dismiss", method="POST", body=CAUSE, answers=(302,)),
    Endpoint("failures-restore", method="POST", body={"code": "item.internal", "at": now}, answers=(302,)),
    Endpoint("failures", query="?code=item.internal&at=2026-01-01T00:00:00Z", answers=(200,)),
    Endpoint("failures", answers=(200,)),
    Endpoint("failures-csv", answers=(200,)),
    Endpoint("failures-csv", query="?code=item.internal", answers=(200,)),
    Endpoint("home", answers=(302,)),
    Endpoint("batch-list", answers=(200,)),
    Endpoint("batch-list", htmx=True, answers=(200,)),
    Endpoint("upload-list", answers=(200,)),
    Endpoint("near-duplicates", answers=(200,)),
    Endpoint("near-duplicates-keep", method="POST", body={"id": lambda data: data.duplicates}, answers=(302,)),
    *[Endpoint("search-suggestions", query=f"?q={typed}", answers=(200,)) for typed in TYPED],
    Endpoint("search-saved", method="POST", body={"q": "text"}, answers=(302,)),
    Endpoint("search-saved", method="POST", body={"forget": "Zanzibar"}, answers=(302,)),
    Endpoint("search", answers=(200,)),
    Endpoint("search", query="?q=text", answers=(200,)),
    Endpoint("search", query="?q=has:camera", answers=(200,)),
    Endpoint("search", query="?q=giraffe+OR+Kod", htmx=True, answers=(200,)),
    *[Endpoint("search", query=f"?q={typed}", answers=(200,)) for typed in (*TYPED, *FILTERS)],
    Endpoint("batch-new", answers=(200,)),
    Endpoint("batch-unfinished", method="POST", json=True, answers=(200,), body={"fingerprints": [digest("passport")]}),
    Endpoint("library-sizes", method="POST", json=True, answers=(200,), body={"sizes": [9, 1000]}),
    Endpoint("folder-check", answers=(200,)),
    Endpoint("folder-check-files", method="POST", json=True, answers=(200,), body={"files": [FILE]}),
    Endpoint("password-change", answers=(200,)),
    Endpoint("password-changed", answers=(200,)),
]
# These URLs contain no row id, except `first-password`, which also contains a secret token.
PUBLIC = {"favicon", "login", "first-password", "logout", "language", "javascript-catalog", "batch-open"}
# Anyone who has the link may request these URLs. test_share_links.py and test_guest_links.py in tests/albums test them.
BY_LINK = {f"shared-{name}" for name in ("album", "unlock", "download", "picture", "preview", "original")} | {
    "guest-upload"
}


def send_request(client: Client, endpoint: Endpoint, data: AccessData) -> tuple[int, str, str]:
    """Send a request; return the status, the Location header and the body."""
    body: dict[str, Any] = {}
    if endpoint.method == "POST":
        body["data"] = endpoint.form(data)
        body |= {"content_type": "application/json"} if endpoint.json else {}
    method = getattr(client, endpoint.method.lower())
    response = method(endpoint.path(data), **body, headers={"HX-Request": "true"} if endpoint.htmx else {})
    streams = isinstance(response, StreamingHttpResponse)
    content = async_to_sync(_read)(response) if streams else response.content
    return response.status_code, response.headers.get("Location", ""), content.decode(errors="replace")


async def _read(response: StreamingHttpResponse) -> bytes:
    return b"".join([chunk async for chunk in aiter(response)])
