"""Contents of sidecar files, and a batch to send them to, for tests."""

from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.models import User

from batches.engine import lifecycle
from batches.models import UploadBatch

NOON = datetime(2024, 1, 31, 12, tzinfo=UTC)
TAKEN = {"photoTakenTime": {"timestamp": str(int(NOON.timestamp()))}}


def open_batch(owner: User, name: str = "Takeout") -> UploadBatch:
    return lifecycle.open_batch(owner.id, name)


def takeout(**values: Any) -> dict[str, Any]:
    return {**TAKEN, "title": "IMG_1.jpg", **values}


def xmp(attributes: str) -> str:
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" {attributes}/></rdf:RDF></x:xmpmeta>'
    )
