"""A real S3 server on a loopback port: moto's. What is stored stays while it is stopped."""

import socket
import uuid
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

from vuemantics.s3_settings import S3Settings


class BucketServer:
    """The server with one bucket; a test may stop it and start it again at the same address."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = int(free.getsockname()[1])
        self.settings = S3Settings(
            bucket=f"photos-{uuid.uuid4().hex[:12]}",
            endpoint=f"http://127.0.0.1:{self.port}",
            region="",
            prefix="home/library",
            url_seconds=300,
            access_key="for-the-tests",
            secret_key="for the tests only",
        )
        self._moto: ThreadedMotoServer | None = None
        self.start()
        self.client: Any = boto3.client(
            "s3",
            endpoint_url=self.settings.endpoint,
            region_name="us-east-1",
            aws_access_key_id=self.settings.access_key,
            aws_secret_access_key=self.settings.secret_key,
        )
        self.client.create_bucket(Bucket=self.settings.bucket)

    def start(self) -> None:
        """Listen; nothing when it does."""
        if self._moto is None:
            self._moto = ThreadedMotoServer("127.0.0.1", self.port, verbose=False)
            self._moto.start()

    def stop(self) -> None:
        """Refuse connections."""
        if self._moto is not None:
            self._moto.stop()
            self._moto = None

    def names(self) -> set[str]:
        """The names of all objects."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.settings.bucket)
        return {entry["Key"] for page in pages for entry in page.get("Contents", ())}

    def environment(self) -> dict[str, str]:
        """The variables by which another process keeps its files here."""
        return {
            "VUEMANTICS_S3_BUCKET": self.settings.bucket,
            "VUEMANTICS_S3_ENDPOINT": self.settings.endpoint,
            "VUEMANTICS_S3_PREFIX": self.settings.prefix,
            "AWS_ACCESS_KEY_ID": self.settings.access_key,
            "AWS_SECRET_ACCESS_KEY": self.settings.secret_key,
        }
