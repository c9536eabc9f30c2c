"""The bucket of the settings: what Django's storage and the content security policy make of it."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class S3Settings:
    """A bucket that speaks S3; without its name files stay on a disk.

    endpoint: another maker's server, as scheme, host and port; empty: Amazon's of `region`. prefix: before all names.
    url_seconds: how long signed addresses hold.
    """

    bucket: str
    endpoint: str
    region: str
    prefix: str
    url_seconds: int
    access_key: str
    secret_key: str = field(repr=False)

    @property
    def address(self) -> str:
        """The server's address. Spelled out also for Amazon: then it is known which host browsers will be sent to."""
        return self.endpoint or f"https://s3.{self.region}.amazonaws.com"

    @property
    def by_host(self) -> bool:
        """Whether the bucket's name goes before the host: Amazon's way, which its certificate allows without dots."""
        return not self.endpoint and "." not in self.bucket

    @property
    def origin(self) -> str:
        """The origin of signed addresses, for the content security policy."""
        scheme, host = urlsplit(self.address)[:2]
        return f"{scheme}://{self.bucket}.{host}" if self.by_host else f"{scheme}://{host}"

    def storage(self) -> dict[str, Any]:
        """Return the entry of STORAGES."""
        options = {
            "bucket_name": self.bucket,
            "endpoint_url": self.address,
            "region_name": self.region or "us-east-1",
            "location": self.prefix,
            "access_key": self.access_key,
            "secret_key": self.secret_key,
            "addressing_style": "virtual" if self.by_host else "path",
            "querystring_expire": self.url_seconds,
            # Who may read is the bucket's affair and ours: objects are private, and written again under the same name.
            "default_acl": None,
            "file_overwrite": True,
        }
        return {"BACKEND": "uploads.storage.s3.BucketStorage", "OPTIONS": options}
