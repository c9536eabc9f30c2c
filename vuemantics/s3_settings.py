"""The settings of the S3 bucket, and what they mean for Django's storage and the content security policy."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class S3Settings:
    """An S3-compatible bucket; with an empty name files are stored on disk.

    endpoint: scheme, host and port of a server other than Amazon's; empty means Amazon's in `region`.
    prefix: prepended to all object names.
    url_seconds: how long signed URLs are valid.
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
        """The server's URL, explicit also for Amazon, so that the host browsers are redirected to is known."""
        return self.endpoint or f"https://s3.{self.region}.amazonaws.com"

    @property
    def uses_virtual_host(self) -> bool:
        """Whether the host name contains the bucket. Amazon's certificate allows that for names without dots."""
        return not self.endpoint and "." not in self.bucket

    @property
    def origin(self) -> str:
        """The origin of signed URLs, for the content security policy; empty if there is no bucket."""
        if not self.bucket:
            return ""
        scheme, host = urlsplit(self.address)[:2]
        return f"{scheme}://{self.bucket}.{host}" if self.uses_virtual_host else f"{scheme}://{host}"

    def storage(self) -> dict[str, Any]:
        """Return the entry of STORAGES."""
        options = {
            "bucket_name": self.bucket,
            "endpoint_url": self.address,
            "region_name": self.region or "us-east-1",
            "location": self.prefix,
            "access_key": self.access_key,
            "secret_key": self.secret_key,
            "addressing_style": "virtual" if self.uses_virtual_host else "path",
            "querystring_expire": self.url_seconds,
            # Objects inherit the bucket's private access, and an object may be written again under the same name.
            "default_acl": None,
            "file_overwrite": True,
        }
        return {"BACKEND": "uploads.storage.s3.BucketStorage", "OPTIONS": options}
