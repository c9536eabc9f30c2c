"""The checksum extension: parse and verify a body's checksum, without any I/O."""

import hashlib
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any

from batches.intake.tus.protocol_error import TusError

# The protocol requires SHA-1 support. That is acceptable, because checksums only detect transmission errors here.
ALGORITHMS = {"sha1": 20, "sha256": 32}
"""Supported algorithms and their digest sizes in bytes."""


@dataclass(frozen=True, slots=True)
class Checksum:
    """The digest that the client declared for one body."""

    algorithm: str
    digest: bytes

    def begin(self) -> Any:
        return hashlib.new(self.algorithm, usedforsecurity=False)

    def check(self, computed: Any) -> None:
        """Raise TusError 460 unless the body has the declared digest."""
        if not compare_digest(computed.digest(), self.digest):
            raise TusError(460, "tus.checksum")


def read_checksum(headers: Mapping[str, str]) -> Checksum | None:
    """Parse Upload-Checksum: an algorithm, a space and a Base64 digest. Return None if the header is absent.

    Raises TusError 400.
    """
    text = headers.get("upload-checksum")
    if text is None:
        return None
    algorithm, _space, value = text.strip().partition(" ")
    if algorithm not in ALGORITHMS:
        raise TusError(400, "tus.checksum_algorithm", algorithms=", ".join(ALGORITHMS))
    try:
        digest = b64decode(value, validate=True)
    except (Base64Error, ValueError):
        digest = b""
    if len(digest) != ALGORITHMS[algorithm]:
        raise TusError(400, "tus.checksum_header", algorithm=algorithm, size=ALGORITHMS[algorithm])
    return Checksum(algorithm, digest)
