"""deploy/nginx.conf in a real nginx: HTTPS, uploads, WebSockets and files."""

import base64
import http.client
import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from tests.support.batches import make_batch
from tests.support.waiting import wait_until
from tests.support.web_server import Site, free_port
from tests.support.worker_processes import ROOT
from uploads.models import Upload
from uploads.storage import original_name

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(NGINX is None, reason="nginx is not installed (Debian: nginx-light)"),
]
NAME = "photos.example.org"
CHUNK = 8 * 2**20
VARIABLES = {
    "VUEMANTICS_BEHIND_PROXY": "1",
    "VUEMANTICS_HTTPS": "1",
    "VUEMANTICS_HOSTS": NAME,
    "VUEMANTICS_MEDIA_ACCEL": "/protected/",
}


def edited(text: str, changes: dict[str, str]) -> str:
    """Replace each key of `changes` in `text` with its value, as an operator would. Fail if a key does not occur."""
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


@dataclass
class Proxy:
    """nginx in front of the site, and the session of a signed-in user."""

    port: int
    context: ssl.SSLContext
    session: str

    def connect(self) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=self.context, timeout=120)

    def request(
        self, method: str, path: str, body: bytes = b"", **headers: str
    ) -> tuple[http.client.HTTPResponse, bytes]:
        fields = {"Host": NAME, "Cookie": f"sessionid={self.session}", "Origin": f"https://{NAME}"}
        fields |= {key.replace("_", "-"): text for key, text in headers.items()}
        with closing(self.connect()) as connection:
            connection.request(method, path, body, fields)
            response = connection.getresponse()
            return response, response.read()


def make_certificate(folder: Path) -> tuple[Path, Path]:
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}"]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return key, certificate


@pytest.fixture
def proxy(worker_env: dict[str, str], owner: User, tmp_path: Path) -> Iterator[Proxy]:
    site = Site(worker_env | VARIABLES, tmp_path / "site.log")
    key, certificate = make_certificate(tmp_path)
    plain, encrypted = free_port(), free_port()
    configuration = edited(
        (ROOT / "deploy" / "nginx.conf").read_text(),
        {
            "user vuemantics;": "user root;" if os.getuid() == 0 else "",
            "/run/nginx.pid": f"{tmp_path}/nginx.pid",
            "/var/log/nginx/": f"{tmp_path}/",
            "listen 80;": f"listen 127.0.0.1:{plain};",
            "listen [::]:80;": "",
            "listen 443 ssl http2;": f"listen 127.0.0.1:{encrypted} ssl http2;",
            "listen [::]:443 ssl http2;": "",
            f"/etc/letsencrypt/live/{NAME}/fullchain.pem": str(certificate),
            f"/etc/letsencrypt/live/{NAME}/privkey.pem": str(key),
            "127.0.0.1:8000": f"127.0.0.1:{site.port}",
            "/srv/vuemantics/media/": f"{settings.MEDIA_ROOT}/",
        },
    )
    (tmp_path / "nginx.conf").write_text(configuration)
    command = [str(NGINX), "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf"), "-g", "daemon off;"]
    with (tmp_path / "nginx.log").open("wb") as log:
        nginx = subprocess.Popen(command, stdout=log, stderr=log)

    def listening() -> bool:
        assert nginx.poll() is None, (tmp_path / "nginx.log").read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", encrypted)) == 0

    try:
        wait_until(listening)
        client = Client()
        client.force_login(owner)
        context = ssl.create_default_context(cafile=str(certificate))
        context.check_hostname = False
        yield Proxy(encrypted, context, client.cookies["sessionid"].value)
    finally:
        nginx.terminate()
        nginx.wait(30)
        site.stop()


def test_pages_uploads_sockets_and_files_pass_through_nginx(proxy: Proxy, owner: User) -> None:
    check_page(proxy)
    check_upload(proxy, make_batch(owner, 0, "Photos").id)
    check_socket(proxy)
    check_file(proxy, owner)


def check_page(proxy: Proxy) -> None:
    """Check that a page is served with the header that keeps browsers on HTTPS."""
    response, body = proxy.request("GET", "/batches/")

    assert response.status == 200
    assert response.headers["Strict-Transport-Security"]
    assert b"<title>" in body


def check_upload(proxy: Proxy, batch_id: int) -> None:
    """Check that a chunk of 8 MiB is received completely."""
    fields = {"batch": str(batch_id), "filename": "a.jpg", "last_modified": "1000"}
    metadata = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in fields.items())
    creation = {"Tus_Resumable": "1.0.0", "Upload_Length": str(CHUNK + 1), "Upload_Metadata": metadata}
    response, body = proxy.request("POST", "/tus/", b"", **creation)
    assert response.status == 201, body
    path = "/tus/" + response.headers["Location"].rpartition("/tus/")[2]

    chunk = {"Tus_Resumable": "1.0.0", "Upload_Offset": "0", "Content_Type": "application/offset+octet-stream"}
    response, body = proxy.request("PATCH", path, b"\xff\xd8\xff\xe0" * (CHUNK // 4), **chunk)

    assert (response.status, response.headers["Upload-Offset"]) == (204, str(CHUNK)), body


def check_socket(proxy: Proxy) -> None:
    """Check that a WebSocket handshake succeeds."""
    fields = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13"}
    key = base64.b64encode(bytes(16)).decode()
    headers = {"Host": NAME, "Cookie": f"sessionid={proxy.session}", "Origin": f"https://{NAME}"}
    headers |= {name.replace("_", "-"): value for name, value in fields.items()} | {"Sec-WebSocket-Key": key}
    with closing(proxy.connect()) as connection:
        connection.request("GET", "/ws/batches/", headers=headers)
        response = connection.getresponse()
        response.close()

    assert response.status == 101


def check_file(proxy: Proxy, owner: User) -> None:
    """Check that nginx sends a part of an original to its owner, but no file at its internal URL."""
    make_batch(owner, 1)
    upload = Upload.objects.get()
    path = settings.MEDIA_ROOT / original_name(upload.key)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(range(200)))

    response, body = proxy.request("GET", reverse("upload-original", args=[upload.id]), Range="bytes=10-19")
    direct, _ = proxy.request("GET", f"/protected/{original_name(upload.key)}")

    assert (response.status, body) == (206, bytes(range(10, 20)))
    assert response.headers["Cache-Control"].startswith("private")
    assert direct.status == 404
