"""The effects of the bucket settings, and the errors and hints for invalid ones."""

import os
import subprocess
import sys
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage.handler import StorageHandler
from pytest_django import Settings

from tests.settings.programs import MANAGE, refused_start
from tests.support.worker_processes import ROOT
from tests.unit.test_settings_checks import findings
from uploads.storage.s3 import BucketStorage
from vuemantics.environment import origin
from vuemantics.s3_settings import S3Settings

HOME = S3Settings("photos", "https://files.local:9000", "", "home", 300, "key", "secret of the tests")
AMAZON = S3Settings("photos", "", "eu-central-1", "", 300, "key", "secret of the tests")
NONE = S3Settings("", "", "", "", 300, "", "")


def make_storage(bucket: S3Settings) -> BucketStorage:
    made = StorageHandler().create_storage(bucket.storage())
    assert isinstance(made, BucketStorage)
    return made


@pytest.mark.parametrize(
    ("bucket", "expected"),
    [
        (HOME, "https://files.local:9000"),
        (AMAZON, "https://photos.s3.eu-central-1.amazonaws.com"),
        (replace(AMAZON, region="us-east-1"), "https://photos.s3.us-east-1.amazonaws.com"),
        (replace(AMAZON, bucket="photos.of.us"), "https://s3.eu-central-1.amazonaws.com"),
        (replace(HOME, endpoint="http://[::1]:9000"), "http://[::1]:9000"),
    ],
)
def test_signed_urls_have_the_origin_that_pages_allow(bucket: S3Settings, expected: str) -> None:
    address = urlsplit(make_storage(bucket).signed_url("originals/ab/abc", "GET", {}))

    assert f"{address.scheme}://{address.netloc}" == bucket.origin == expected


def test_objects_are_private_and_overwritten() -> None:
    storage = make_storage(HOME)

    assert storage.default_acl is None
    assert storage.querystring_auth
    assert storage.get_available_name("originals/ab/abc") == "originals/ab/abc"


def test_unavailable_server_is_detected_within_30_seconds() -> None:
    config = make_storage(HOME).connection.meta.client.meta.config

    assert (config.connect_timeout + config.read_timeout) * config.retries["total_max_attempts"] <= 30


def test_repr_of_the_settings_omits_the_secret() -> None:
    assert "secret of the tests" not in repr(HOME)


@pytest.mark.parametrize("bucket", [HOME, AMAZON, NONE, replace(HOME, prefix="a/b.c/d_e", region="home-1")])
def test_valid_bucket_passes(settings: Settings, bucket: S3Settings) -> None:
    settings.S3 = bucket

    assert findings() == {}


@pytest.mark.parametrize(
    ("bucket", "code", "variable"),
    [
        (replace(NONE, endpoint="https://files.local:9000"), "E010", "VUEMANTICS_S3_BUCKET"),
        (replace(NONE, prefix="home"), "E010", "VUEMANTICS_S3_PREFIX"),
        (replace(HOME, bucket="Photos"), "E011", "VUEMANTICS_S3_BUCKET"),
        (replace(HOME, bucket="s3://photos"), "E011", "VUEMANTICS_S3_BUCKET"),
        (replace(HOME, prefix="/home"), "E011", "VUEMANTICS_S3_PREFIX"),
        (replace(HOME, prefix="home/"), "E011", "VUEMANTICS_S3_PREFIX"),
        (replace(HOME, prefix="a/../b"), "E011", "VUEMANTICS_S3_PREFIX"),
        (replace(HOME, region="eu; script-src *"), "E011", "VUEMANTICS_S3_REGION"),
        (replace(AMAZON, region=""), "E011", "VUEMANTICS_S3_REGION"),
        (replace(HOME, access_key=""), "E011", "AWS_ACCESS_KEY_ID"),
        (replace(HOME, secret_key=""), "E011", "AWS_SECRET_ACCESS_KEY"),
    ],
)
def test_invalid_bucket_is_refused_with_a_hint(
    settings: Settings, bucket: S3Settings, code: str, variable: str
) -> None:
    settings.S3 = bucket

    (message,) = findings().values()

    assert message.id == f"vuemantics.{code}"
    assert message.is_serious()
    assert variable in message.msg
    assert message.hint


def test_nginx_with_a_bucket_is_refused(settings: Settings) -> None:
    settings.S3, settings.MEDIA_ACCEL = HOME, "/protected/"

    assert "VUEMANTICS_MEDIA_ACCEL" in str(findings()["vuemantics.E011"].hint)


def test_http_bucket_with_https_pages_is_refused(settings: Settings) -> None:
    settings.S3, settings.HTTPS = replace(HOME, endpoint="http://files.local:9000"), True

    assert "https://" in str(findings()["vuemantics.E011"].hint)


@pytest.mark.parametrize(
    "text",
    ["files.local", "ftp://files.local", "https://", "https://a/b", "https://me:secret@files.local", "https://a b"],
)
def test_endpoint_that_is_not_an_origin_is_refused_without_showing_the_password(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("VUEMANTICS_TEST_ORIGIN", text)

    with pytest.raises(ImproperlyConfigured) as refusal:
        origin("VUEMANTICS_TEST_ORIGIN")

    assert str(refusal.value).startswith("VUEMANTICS_TEST_ORIGIN must be scheme, host and port")
    assert "secret" not in str(refusal.value)


def test_invalid_bucket_stops_the_start_with_a_hint() -> None:
    stderr = refused_start(MANAGE, VUEMANTICS_S3_BUCKET="photos", VUEMANTICS_S3_PREFIX="/home")

    assert stderr.count("vuemantics.E011") == 3
    for hint in ("VUEMANTICS_S3_REGION for Amazon", "without a slash at either end", "AWS_ACCESS_KEY_ID"):
        assert hint in stderr


LOADED = (
    "import vuemantics.asgi, sys; from uploads.storage import is_stored; from uuid import uuid4; is_stored(uuid4());"
)


def test_web_server_does_not_import_the_s3_client_for_disk_storage() -> None:
    code = f"{LOADED} print({{'boto3', 'botocore', 'storages'}} & set(sys.modules))"

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=240, check=True
    )

    assert done.stdout == "set()\n"


def test_bucket_is_read_from_the_environment() -> None:
    code = "import django; django.setup(); from django.core.files.storage import default_storage as kept; "
    code += "from django.conf import settings; print(kept.bucket_name, kept.location, kept.signed_url_seconds); "
    code += "print(settings.CONTENT_SECURITY_POLICY['DIRECTIVES']['img-src'])"
    env = os.environ | {
        "DJANGO_SETTINGS_MODULE": "vuemantics.settings",
        "VUEMANTICS_S3_BUCKET": "photos",
        "VUEMANTICS_S3_ENDPOINT": "http://files.local:9000/",
        "VUEMANTICS_S3_PREFIX": "home",
        "VUEMANTICS_S3_URL_SECONDS": "60",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, timeout=240, check=True
    )

    assert done.stdout == "photos home 60\n[\"'self'\", 'http://files.local:9000', 'blob:']\n"
