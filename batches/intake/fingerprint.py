"""What tells one file of a batch from another before its bytes are here."""

import hashlib


def fingerprint(relative_path: str, size: int, last_modified: str) -> str:
    """Return 64 hex digits that stay the same when the same file is sent again.

    SHA-256 of the UTF-8 bytes of the path as sent, a NUL byte, the size in bytes as decimal digits, a NUL byte and the
    time of the last change as sent (browsers: milliseconds since 1970; empty when unknown). Paths hold no NUL, so no
    two triples share their bytes. Names of a server's disk that are no UTF-8 keep their odd bytes apart as surrogates.
    """
    text = f"{relative_path}\0{size}\0{last_modified}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
