"""Translate errors of the S3 client into the OSErrors that a disk would raise for the same reason."""

from collections.abc import Iterator
from contextlib import contextmanager
from errno import EACCES, ENODEV, ENOENT, ENOSPC, EREMOTEIO

from botocore.exceptions import BotoCoreError, ClientError

MISSING = frozenset({"NoSuchKey", "404"})
DENIED = frozenset({"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"})
FULL = frozenset({"QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded"})
UNAUTHORIZED, FORBIDDEN, INSUFFICIENT_STORAGE = 401, 403, 507


@contextmanager
def raise_os_errors() -> Iterator[None]:
    """Turn exceptions that the client raises in the block into OSErrors, as StorageBackend requires."""
    try:
        yield
    except ClientError as error:
        raise _os_error(error) from error
    except BotoCoreError as error:
        raise ConnectionError(EREMOTEIO, f"The storage does not respond: {error}") from error


def _os_error(error: ClientError) -> OSError:
    code = error.response.get("Error", {}).get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    if code in MISSING:
        return FileNotFoundError(ENOENT, "There is no such file.")
    if code in FULL or status == INSUFFICIENT_STORAGE:
        return OSError(ENOSPC, f"The storage is full: {code}")
    if code in DENIED or status in (UNAUTHORIZED, FORBIDDEN):
        return PermissionError(EACCES, f"The storage denies access: {code or status}")
    if code == "NoSuchBucket":
        return OSError(ENODEV, "There is no such bucket.")
    return OSError(EREMOTEIO, f"The storage refused the request: {code or status}")
