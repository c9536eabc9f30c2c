"""Files in a bucket that speaks S3: private objects, fetched by browsers through addresses signed for a short time.

Imported only where the settings name it: boto3 takes a quarter of a second to load.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock
from typing import Any

from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from storages.backends.s3 import S3Storage

from uploads.errors import EnvironmentalError
from uploads.storage.os_errors import as_os_errors

PIECE = 2**20
CONNECTIONS = 64
# One thread a transfer, and one piece of 8 MiB in memory at a time: the caller's threads are many already.
TRANSFER = TransferConfig(use_threads=False, multipart_threshold=64 * 2**20, preferred_transfer_client="classic")
CLIENT = {
    "signature_version": "s3v4",
    # A storage that is away is noticed in seconds; what calls tries again by itself, and longer than boto3 would.
    "connect_timeout": 3,
    "read_timeout": 10,
    "retries": {"mode": "standard", "total_max_attempts": 2},
    "tcp_keepalive": True,
    "max_pool_connections": CONNECTIONS,
    # Other makers' servers do not know the newer checksums of Amazon.
    "request_checksum_calculation": "when_required",
    "response_checksum_validation": "when_required",
}


class S3Bucket(S3Storage):
    """A bucket, or the part of one under a prefix: see `Place`. Safe for threads; takes the options of S3Storage."""

    def __init__(self, *, addressing_style: str, **options: Any) -> None:
        config = Config(**CLIENT, s3={"addressing_style": addressing_style})
        super().__init__(client_config=config, transfer_config=TRANSFER, max_memory_size=PIECE, **options)
        self._lock = Lock()
        self._shared: Any = None

    @property
    def address_seconds(self) -> int:
        """How long a signed address holds."""
        seconds: int = self.querystring_expire
        return seconds

    @property
    def connection(self) -> Any:
        """One for all threads, used for its client alone, which is safe to share; S3Storage makes one a thread."""
        with self._lock:
            if self._shared is None:
                self._shared = super().connection
            return self._shared

    @property
    def _client(self) -> Any:
        return self.connection.meta.client

    def _object(self, name: str) -> dict[str, str]:
        return {"Bucket": self.bucket_name, "Key": self._normalize_name(name)}

    def begin(self) -> None:
        """A bucket needs nothing."""

    def keep(self, part: Path, name: str) -> None:
        """Put the part's bytes; above 64 MiB in parts, of which nothing is seen before the last has come."""
        place = self._object(name)
        with part.open("rb") as stream, as_os_errors():
            self._client.upload_fileobj(stream, place["Bucket"], place["Key"], Config=self.transfer_config)

    @contextmanager
    def at_hand(self, name: str) -> Iterator[Path]:
        """Give a temporary copy without a name, which ends with the block or the process, however that ends.

        Raises EnvironmentalError `storage.temp_full` where the copy cannot be written.
        """
        with ExitStack() as stack:
            with _writing_a_copy():
                copy = stack.enter_context(TemporaryFile())
            for piece in self._pieces(name):
                with _writing_a_copy():
                    copy.write(piece)
            with _writing_a_copy():
                copy.flush()
            yield Path(f"/proc/{os.getpid()}/fd/{copy.fileno()}")

    def _pieces(self, name: str) -> Iterator[bytes]:
        with as_os_errors(), closing(self._client.get_object(**self._object(name))["Body"]) as body:
            yield from body.iter_chunks(PIECE)

    def write(self, name: str, content: bytes) -> None:
        """Put the bytes."""
        with as_os_errors():
            self._client.put_object(**self._object(name), Body=content)

    def read(self, name: str) -> bytes:
        """Get the bytes."""
        return b"".join(self._pieces(name))

    def has(self, name: str) -> bool:
        """Ask for the head of the object."""
        try:
            with as_os_errors():
                self._client.head_object(**self._object(name))
        except FileNotFoundError:
            return False
        return True

    def remove(self, names: Iterable[str]) -> None:
        """Delete one by one: not every maker's server takes several at once from every client."""
        for name in names:
            with suppress(FileNotFoundError), as_os_errors():
                self._client.delete_object(**self._object(name))

    def answers(self) -> bool:
        """Whether the bucket can be listed."""
        try:
            with as_os_errors():
                self._client.list_objects_v2(Bucket=self.bucket_name, MaxKeys=1)
        except OSError:
            return False
        return True

    def address(self, name: str, method: str, facts: Mapping[str, str]) -> str:
        """Sign an address; `facts` are those of S3's GetObject that the answer shall carry."""
        address: str = self.url(name, parameters=dict(facts), http_method=method)
        return address


@contextmanager
def _writing_a_copy() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        words = "A file cannot be copied here to be read: is the disk for temporary files full?"
        raise EnvironmentalError("storage.temp_full", words) from error
