"""Store files in an S3 bucket, as private objects that browsers fetch with short-lived signed URLs.

This module is imported only if the settings name it, because boto3 takes a quarter of a second to load.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock
from typing import Any

from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from storages.backends.s3 import S3Storage

from uploads.errors import EnvironmentalError
from uploads.storage.backend import Readable
from uploads.storage.s3_errors import raise_os_errors

CHUNK_BYTES = 2**20
MAX_CONNECTIONS = 64
# Each transfer runs on its caller's thread, because many already run at the same time. Each holds 8 MiB in memory.
TRANSFER = TransferConfig(use_threads=False, multipart_threshold=64 * 2**20, preferred_transfer_client="classic")
CLIENT = {
    "signature_version": "s3v4",
    # Detect an outage within seconds. Callers retry for longer than boto3 would.
    "connect_timeout": 3,
    "read_timeout": 10,
    "retries": {"mode": "standard", "total_max_attempts": 2},
    "tcp_keepalive": True,
    "max_pool_connections": MAX_CONNECTIONS,
    # Other vendors' servers do not support Amazon's newer checksums.
    "request_checksum_calculation": "when_required",
    "response_checksum_validation": "when_required",
}


class BucketStorage(S3Storage):
    """A StorageBackend that uses a bucket, or a prefix in a bucket. It takes the options of S3Storage. Thread-safe."""

    def __init__(self, *, addressing_style: str, **options: Any) -> None:
        config = Config(**CLIENT, s3={"addressing_style": addressing_style})
        super().__init__(client_config=config, transfer_config=TRANSFER, max_memory_size=CHUNK_BYTES, **options)
        self._lock = Lock()
        self._connection: Any = None

    @property
    def signed_url_seconds(self) -> int:
        """How long a signed URL is valid."""
        seconds: int = self.querystring_expire
        return seconds

    @property
    def connection(self) -> Any:
        """The connection shared by all threads (S3Storage has one per thread). Only its thread-safe client is used."""
        with self._lock:
            if self._connection is None:
                self._connection = super().connection
            return self._connection

    @property
    def _client(self) -> Any:
        return self.connection.meta.client

    def _object(self, name: str) -> dict[str, str]:
        return {"Bucket": self.bucket_name, "Key": self._normalize_name(name)}

    def prepare(self) -> None:
        """Do nothing, because the bucket already exists."""

    def store_file(self, source: Path, name: str) -> None:
        """Upload the file. Above 64 MiB, this is a multipart upload, which becomes visible only once it is complete."""
        target = self._object(name)
        with source.open("rb") as stream, raise_os_errors():
            self._client.upload_fileobj(stream, target["Bucket"], target["Key"], Config=self.transfer_config)

    @contextmanager
    def local_copy(self, name: str) -> Iterator[Path]:
        """Yield the path of an unlinked temporary copy, which disappears after the block or when the process is killed.

        Raises EnvironmentalError `storage.temp_full` if the copy cannot be written.
        """
        with ExitStack() as stack:
            with _temp_file_errors():
                copy = stack.enter_context(TemporaryFile())
            for chunk in self._chunks(name):
                with _temp_file_errors():
                    copy.write(chunk)
            with _temp_file_errors():
                copy.flush()
            yield Path(f"/proc/{os.getpid()}/fd/{copy.fileno()}")

    @contextmanager
    def open_at(self, name: str, offset: int) -> Iterator[Readable]:
        """Yield the body of the response to one range request. Connection errors during reads are raised as OSError."""
        with raise_os_errors():
            body = self._client.get_object(**self._object(name), Range=f"bytes={offset}-")["Body"]
            with closing(body):
                yield body

    def _chunks(self, name: str) -> Iterator[bytes]:
        with raise_os_errors(), closing(self._client.get_object(**self._object(name))["Body"]) as body:
            yield from body.iter_chunks(CHUNK_BYTES)

    def write(self, name: str, content: bytes) -> None:
        with raise_os_errors():
            self._client.put_object(**self._object(name), Body=content)

    def read(self, name: str) -> bytes:
        return b"".join(self._chunks(name))

    def has_file(self, name: str) -> bool:
        try:
            with raise_os_errors():
                self._client.head_object(**self._object(name))
        except FileNotFoundError:
            return False
        return True

    def listdir(self, name: str) -> tuple[list[str], list[str]]:
        with raise_os_errors():
            found: tuple[list[str], list[str]] = super().listdir(name)
            return found

    def get_modified_time(self, name: str) -> datetime:
        with raise_os_errors():
            found: datetime = super().get_modified_time(name)
            return found

    def size(self, name: str) -> int:
        with raise_os_errors():
            return int(super().size(name))

    def delete(self, name: str) -> None:
        with raise_os_errors():
            super().delete(name)

    def delete_files(self, names: Iterable[str]) -> None:
        """Delete the objects one by one, because not every server accepts the bulk request."""
        for name in names:
            with suppress(FileNotFoundError), raise_os_errors():
                self._client.delete_object(**self._object(name))

    def is_available(self) -> bool:
        """Return whether the bucket can be listed."""
        try:
            with raise_os_errors():
                self._client.list_objects_v2(Bucket=self.bucket_name, MaxKeys=1)
        except OSError:
            return False
        return True

    def signed_url(self, name: str, method: str, headers: Mapping[str, str]) -> str:
        """Return a signed URL; `headers` are parameters of S3's GetObject."""
        url: str = self.url(name, parameters=dict(headers), http_method=method)
        return url


@contextmanager
def _temp_file_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EnvironmentalError("storage.temp_full") from error
