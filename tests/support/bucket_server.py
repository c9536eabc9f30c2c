"""Run moto, an S3 server for tests, on a loopback port. Objects are kept when the server is stopped."""

import importlib
import uuid
from pathlib import Path
from typing import Any

from pytest_django import Settings

from tests.support.web_server import free_port
from vuemantics.s3_settings import S3Settings


class MotoServer:
    """A server that can be stopped, and started again at the same address."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.access_key, self.secret_key = "for-the-tests", "for the tests only"
        self._moto: Any = None
        self.start()
        self.client: Any = importlib.import_module("boto3").client(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
        )

    def start(self) -> None:
        """Start the server unless it is already running."""
        if self._moto is None:
            # Importing moto takes 2 s, so import it only in processes whose tests use a bucket.
            self._moto = importlib.import_module("moto.server").ThreadedMotoServer(
                "127.0.0.1", self.port, verbose=False
            )
            self._moto.start()

    def stop(self) -> None:
        if self._moto is not None:
            self._moto.stop()
            self._moto = None


class Bucket:
    """A new bucket on a server."""

    def __init__(self, server: MotoServer) -> None:
        self.server = server
        self.client = server.client
        self.settings = S3Settings(
            bucket=f"photos-{uuid.uuid4().hex[:12]}",
            endpoint=server.url,
            region="",
            prefix="home/library",
            url_seconds=300,
            access_key=server.access_key,
            secret_key=server.secret_key,
        )
        self.client.create_bucket(Bucket=self.settings.bucket)

    def names(self) -> set[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.settings.bucket)
        return {entry["Key"] for page in pages for entry in page.get("Contents", ())}

    def environment(self) -> dict[str, str]:
        """Return the environment variables that make another process store its files in this bucket."""
        return {
            "VUEMANTICS_S3_BUCKET": self.settings.bucket,
            "VUEMANTICS_S3_ENDPOINT": self.settings.endpoint,
            "VUEMANTICS_S3_PREFIX": self.settings.prefix,
            "AWS_ACCESS_KEY_ID": self.settings.access_key,
            "AWS_SECRET_ACCESS_KEY": self.settings.secret_key,
        }


def use_new_bucket(server: MotoServer, settings: Settings, partial_root: Path) -> Bucket:
    """Create a bucket and configure this process to store files in it. Other processes need its `environment()`."""
    bucket = Bucket(server)
    settings.S3 = bucket.settings
    settings.STORAGES = settings.STORAGES | {"default": bucket.settings.storage()}
    settings.PARTIAL_ROOT = partial_root
    return bucket
