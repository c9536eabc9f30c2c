"""The settings of the S3 bucket, which configure Django's storage and the content security policy."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class S3Settings:
    """An S3-compatible bucket. If `bucket` is empty, files are stored on disk.

    `endpoint` is the scheme, host and port of a server other than Amazon's, or empty for Amazon's server in `region`.
    `prefix` is prepended to all object names. Signed URLs are valid for `url_seconds`.
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
        """The server's URL. It is set even for Amazon, so that the host of signed URLs is known."""
        return self.endpoint or f"https://s3.{self.region}.amazonaws.com"

    @property
    def uses_virtual_host(self) -> bool:
        """Whether the host name contains the bucket. Amazon's certificate covers only bucket names without dots."""
        return not self.endpoint and "." not in self.bucket

    @property
    def origin(self) -> str:
        """The origin of signed URLs, for the content security policy, or "" if there is no bucket."""
        if not self.bucket:
            return ""
        scheme, host = urlsplit(self.address)[:2]
        return f"{scheme}://{self.bucket}.{host}" if self.uses_virtual_host else f"{scheme}://{host}"

    def storage(self) -> dict[str, Any]:
        """Return the configuration of the bucket for Django's STORAGES setting."""
        options = {
            "bucket_name": self.bucket,
            "endpoint_url": self.address,
            "region_name": self.region or "us-east-1",
            "location": self.prefix,
            "access_key": self.access_key,
            "secret_key": self.secret_key,
            "addressing_style": "virtual" if self.uses_virtual_host else "path",
            "querystring_expire": self.url_seconds,
            # Without an ACL, objects are as private as the bucket. Saving under an existing name replaces the object.
            "default_acl": None,
            "file_overwrite": True,
        }
        return {"BACKEND": "uploads.storage.s3.BucketStorage", "OPTIONS": options}
