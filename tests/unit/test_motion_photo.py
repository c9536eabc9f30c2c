"""The video in a motion photo is found wherever its maker puts it, and nothing else is mistaken for one."""

import io
from pathlib import Path
from typing import cast

import pytest

from tests.support import motion_photos
from tests.support.images import written
from tests.support.motion_photos import VIDEO, container_items, heic_like, micro_video, samsung, still
from uploads.media.image import read_picture
from uploads.media.motion_photo import find_motion


@pytest.mark.parametrize(
    "data",
    [micro_video(VIDEO), container_items(VIDEO), container_items(VIDEO, b"depth map"), samsung(VIDEO)],
    ids=["micro video", "items", "item behind it", "Samsung"],
)
def test_still_is_the_picture_and_the_video_is_found(data: bytes, tmp_path: Path) -> None:
    picture = read_picture(written(tmp_path, data))

    motion = picture.metadata["motion"]
    assert isinstance(motion, dict)
    start, length = cast(int, motion["offset"]), cast(int, motion["length"])
    assert (picture.mime_type, picture.width, picture.height) == ("image/jpeg", 120, 80)
    assert data[start : start + length] == VIDEO
    assert motion["mime_type"] == "video/mp4"


def test_video_in_a_box_is_found() -> None:
    data = heic_like(VIDEO)

    found = find_motion(io.BytesIO(data), b"")

    assert found == {"offset": data.index(VIDEO), "length": len(VIDEO), "mime_type": "video/mp4"}


@pytest.mark.parametrize(
    "data",
    [
        still(),
        micro_video(VIDEO)[:-20],
        micro_video(b"<html>no video</html>"),
        micro_video(VIDEO).replace(b'MicroVideoOffset="', b'MicroVideoOffset="9999999'),
        container_items(b""),
        samsung(VIDEO).replace(b"SEFH", b"SEFX"),
        still() + b"\xff\xff\xff\xffSEFT",
    ],
    ids=["still", "cut", "no video", "before the start", "empty", "no index", "index before the start"],
)
def test_positions_without_a_video_are_ignored(data: bytes, tmp_path: Path) -> None:
    assert "motion" not in read_picture(written(tmp_path, data)).metadata


def test_many_items_are_read_quickly() -> None:
    items = b'<rdf:li><Container:Item Item:Semantic="MotionPhoto" Item:Length="0"/></rdf:li>' * 100_000

    assert find_motion(io.BytesIO(motion_photos.still()), items) is None
