"""Tus headers are parsed, and invalid ones are refused with a status and an error code."""

from base64 import b64encode
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from batches.intake.file_name import FileName
from batches.intake.tus.auth import check_origin
from batches.intake.tus.checksum import read_checksum
from batches.intake.tus.headers import (
    Creation,
    Patch,
    check_version,
    read_creation,
    read_headers,
    read_metadata,
    read_method,
    read_patch,
)
from batches.intake.tus.protocol_error import TusError

BYTES = {"content-type": "application/offset+octet-stream", "upload-offset": "0"}
NEW = {"upload-length": "5", "upload-metadata": "batch MQ==,filename YQ=="}


def test_headers_sent_twice_are_joined() -> None:
    lines = [(b"Cookie", b"a=1"), (b"cookie", b"b=2"), (b"X", b"1"), (b"x", b"2")]

    assert read_headers(lines) == {"cookie": "a=1; b=2", "x": "1,2"}


def test_metadata_reads_pairs_and_keys_without_a_value() -> None:
    assert read_metadata("filename Y2F0LmpwZw==, private,") == {"filename": "cat.jpg", "private": ""}


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


@given(metadata=st.dictionaries(st.text("abcXYZ_-.", min_size=1), TEXT))
def test_metadata_of_a_client_is_read_back(metadata: dict[str, str]) -> None:
    pairs = [f"{key} {b64encode(value.encode()).decode()}" for key, value in metadata.items()]

    assert read_metadata(",".join(pairs)) == metadata


HEADERS = ["upload-length", "upload-offset", "upload-metadata", "upload-checksum", "content-length", "content-type"]
HEADERS += ["upload-defer-length", "transfer-encoding"]
VALUES = st.text(st.characters(max_codepoint=255), max_size=40) | st.sampled_from(
    ["5", "-1", "0" * 20, "batch MQ==", "batch MQ==,filename YQ==", "sha1 qvTGHdzF6KLavt4PO0gs2a6pQ00=", "sha1 \xfc"]
)
SENT = st.lists(st.tuples(st.sampled_from(HEADERS), VALUES | st.just(BYTES["content-type"])), max_size=6)


@given(lines=SENT)
def test_any_headers_are_read_or_refused(lines: list[tuple[str, str]]) -> None:
    headers = read_headers((name.encode(), value.encode("latin-1")) for name, value in lines)

    for read in (read_creation, read_patch):
        with suppress(TusError):
            read(headers)
    with suppress(TusError):
        assert "\0" not in "".join(read_metadata(headers.get("upload-metadata", "")).values())


@given(filename=TEXT.filter(bool), path=TEXT, size=st.integers(0, 2**63 - 1))
def test_any_name_in_a_creation_can_be_stored(filename: str, path: str, size: int) -> None:
    encoded = [b64encode(value.encode()).decode() for value in (filename, path)]
    metadata = "batch MQ==,filename {},relative_path {}".format(*encoded)

    file = read_creation({"upload-length": str(size), "upload-metadata": metadata}).name.as_new_file()

    assert (file.size, 0 < len(file.filename) <= 255, len(file.relative_path) <= 1000) == (size, True, True)
    assert "\0" not in file.filename + file.relative_path


def test_creation_headers_are_parsed() -> None:
    assert read_creation(NEW) == Creation(1, FileName("a", 5))
    assert read_creation(NEW | BYTES | {"content-length": "5"}).first == Patch(0, 5, overlap=True)


def test_patch_headers_are_parsed() -> None:
    assert read_patch(BYTES | {"upload-offset": "7"}) == Patch(7, None)


def test_method_override_header_is_respected() -> None:
    assert read_method("POST", {"x-http-method-override": "patch"}) == "PATCH"


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"upload-length": ""}, "tus.header"),
        ({"upload-length": "many"}, "tus.header"),
        ({"upload-length": str(2**63)}, "tus.header"),
        ({"upload-defer-length": "1"}, "tus.deferred_length"),
        ({"upload-metadata": ""}, "tus.metadata"),
        ({"upload-metadata": "batch MQ=="}, "tus.metadata"),
        ({"upload-metadata": "batch MQ==,filename ?"}, "tus.metadata"),
        ({"upload-metadata": "batch MQ==,filename /w=="}, "tus.metadata"),
        ({"upload-metadata": "batch MQ==,filename AA=="}, "tus.metadata"),
        ({"upload-metadata": "batch MQ==,filename \xfc"}, "tus.metadata"),
        ({"upload-metadata": "batch MQ==,batch MQ==,filename YQ=="}, "tus.metadata"),
    ],
)
def test_creation_with_wrong_headers_is_refused(headers: dict[str, str], code: str) -> None:
    with pytest.raises(TusError) as refused:
        read_creation(NEW | headers)

    assert (refused.value.status, refused.value.code) == (400, code)


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"upload-offset": "-1"}, 400, "tus.header"),
        ({"upload-offset": "٣"}, 400, "tus.header"),
        ({"content-length": "x"}, 400, "tus.header"),
        ({"content-type": "application/json"}, 415, "tus.content_type"),
    ],
)
def test_patch_with_wrong_headers_is_refused(headers: dict[str, str], status: int, code: str) -> None:
    with pytest.raises(TusError) as refused:
        read_patch(BYTES | headers)

    assert (refused.value.status, refused.value.code) == (status, code)


@pytest.mark.parametrize("version", [{}, {"tus-resumable": "0.2.2"}])
def test_other_versions_are_refused(version: dict[str, str]) -> None:
    with pytest.raises(TusError, match=r"tus\.version"):
        check_version(version)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("md5 1B2M2Y8AsgTpgAmY7PhCfg==", "tus.checksum_algorithm"),
        ("crc32 AAAAAA==", "tus.checksum_algorithm"),
        ("sha1", "tus.checksum_header"),
        ("sha1 ?", "tus.checksum_header"),
        ("sha1 AAAA", "tus.checksum_header"),
        ("sha1 ü", "tus.checksum_header"),
    ],
)
def test_checksum_that_cannot_be_verified_is_refused(header: str, code: str) -> None:
    with pytest.raises(TusError) as refused:
        read_checksum({"upload-checksum": header})

    assert (refused.value.status, refused.value.code) == (400, code)


@pytest.mark.parametrize(
    ("host", "origin", "code"),
    [
        ("localhost", "http://evil.example", "origin.foreign"),
        ("localhost", "https://localhost", "origin.foreign"),
        ("localhost", "null", "origin.foreign"),
        ("evil.example", "http://evil.example", "host.unknown"),
    ],
)
def test_requests_from_other_sites_are_refused(settings: Settings, host: str, origin: str, code: str) -> None:
    settings.ALLOWED_HOSTS = ["localhost"]

    with pytest.raises(TusError) as refused:
        check_origin("http", {"host": host, "origin": origin})

    assert refused.value.code == code


def test_scheme_of_a_trusted_proxy_is_used(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["localhost"]
    settings.SECURE_PROXY_SSL_HEADER = None
    headers = {"host": "localhost", "origin": "https://localhost", "x-forwarded-proto": "https"}

    with pytest.raises(TusError):
        check_origin("http", headers)
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    check_origin("http", headers)
