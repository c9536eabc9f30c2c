"""The checksum extension: what a client says of one body, and the proof. Pure."""

import hashlib
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any

from batches.intake.tus.protocol_error import TusError

# SHA-1 is asked for by the protocol; it finds accidents, which is all that is wanted of it here.
ALGORITHMS = {"sha1": 20, "sha256": 32}
"""What is taken, and how many bytes each digest has."""


@dataclass(frozen=True, slots=True)
class Checksum:
    """What the body of one request is said to hash to."""

    algorithm: str
    digest: bytes

    def begin(self) -> Any:
        """Return a hash to feed the body to, piece by piece."""
        return hashlib.new(self.algorithm, usedforsecurity=False)

    def check(self, running: Any) -> None:
        """Raise TusError 460 unless the body that was fed hashes to what was said."""
        if not compare_digest(running.digest(), self.digest):
            raise TusError(460, "tus.checksum", "The bytes changed on their way: they do not match Upload-Checksum.")


def read_checksum(headers: Mapping[str, str]) -> Checksum | None:
    """Read Upload-Checksum, the name of an algorithm and a Base64 digest; None without one. Raises TusError 400."""
    text = headers.get("upload-checksum")
    if text is None:
        return None
    algorithm, _space, value = text.strip().partition(" ")
    if algorithm not in ALGORITHMS:
        words = f"Upload-Checksum must use one of: {', '.join(ALGORITHMS)}."
        raise TusError(400, "tus.checksum_algorithm", words)
    try:
        digest = b64decode(value, validate=True)
    except (Base64Error, ValueError):
        digest = b""
    if len(digest) != ALGORITHMS[algorithm]:
        words = f"Upload-Checksum must be {algorithm}, a space and the Base64 of {ALGORITHMS[algorithm]} bytes."
        raise TusError(400, "tus.checksum_header", words)
    return Checksum(algorithm, digest)
