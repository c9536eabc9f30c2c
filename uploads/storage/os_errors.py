"""What an S3 client raises, as the OSError that a disk would have raised for the same reason."""

from collections.abc import Iterator
from contextlib import contextmanager
from errno import EACCES, ENODEV, ENOENT, ENOSPC, EREMOTEIO

from botocore.exceptions import BotoCoreError, ClientError

MISSING = frozenset({"NoSuchKey", "404"})
DENIED = frozenset({"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"})
FULL = frozenset({"QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded"})
UNAUTHORIZED, FORBIDDEN, INSUFFICIENT_STORAGE = 401, 403, 507


@contextmanager
def as_os_errors() -> Iterator[None]:
    """Raise OSError in place of what the client raises inside the block: see `Place`."""
    try:
        yield
    except ClientError as error:
        raise _refusal(error) from error
    except BotoCoreError as error:
        raise ConnectionError(EREMOTEIO, f"The storage does not answer: {error}") from error


def _refusal(error: ClientError) -> OSError:
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
    return OSError(EREMOTEIO, f"The storage refuses: {code or status}")
