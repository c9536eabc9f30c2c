"""The medium of a picture (such as a chart or drawing) and its scenes are named only if they are likely enough."""

import pytest

from tests.support.looks import make_look
from uploads.analysis.probe import SCENES as PROBED
from uploads.analysis.probe import Look, merge_looks
from uploads.analysis.scene_rules import (
    ANY_PAGE,
    COLOURLESS,
    MEDIA,
    SCENES,
    Medium,
    find_medium,
    find_scenes,
    possible_scenes,
)
from uploads.analysis.vocabulary import load_vocabulary


@pytest.mark.parametrize(
    ("look", "medium"),
    [
        (make_look(), None),
        (make_look("chart", 0.95), MEDIA["chart"]),
        (make_look("chart", 0.85), ANY_PAGE),
        (make_look("chart", 0.5), None),
        (make_look("drawing", 0.8), MEDIA["drawing"]),
        (make_look("abstract", 0.6), MEDIA["abstract"]),
        (make_look("abstract", 0.6, {"plants": 0.95}), None),
        (make_look("drawing", 0.6), None),
    ],
)
def test_medium_is_named_if_it_is_probable(look: Look, medium: Medium | None) -> None:
    assert find_medium(look) == medium


@pytest.mark.parametrize(("medium", "labels"), [("photo", ["trees", "sunset"]), ("chart", [])])
def test_scene_that_is_not_named_helps_searches_if_it_is_possible(medium: str, labels: list[str]) -> None:
    look = make_look(medium, 0.9, {"water": 0.95, "trees": 0.49, "sunset": 0.2, "mountain": 0.19})

    assert [scene.label for scene, _ in possible_scenes(look)] == labels


@pytest.mark.parametrize(
    ("scenes", "words"),
    [
        ({}, []),
        ({"water": 0.95, "mountain": 0.95}, ["mountains", "water"]),
        ({"water": 0.95, "beach": 0.95}, ["a beach"]),
        ({"trees": 0.95, "plants": 0.95}, ["trees"]),
        ({"sunset": 0.8, "night": 0.95}, ["at night"]),
        ({"street": 0.95, "indoor": 0.95}, ["a street"]),
    ],
)
def test_scene_is_not_named_beside_one_that_implies_it(scenes: dict[str, float], words: list[str]) -> None:
    found = find_scenes(make_look(scenes=scenes, luminance=0.2))

    assert [scene.words or scene.ending for scene, _ in found] == words


def test_bright_picture_is_not_at_night() -> None:
    assert find_scenes(make_look(scenes={"night": 0.99}, luminance=0.6)) == []


def test_pages_and_patterns_have_no_scenes() -> None:
    for medium in ("document", "screenshot", "abstract"):
        assert find_scenes(make_look(medium, scenes={"building": 0.79})) == []
    assert find_scenes(make_look("drawing", scenes={"building": 0.79})) != []


def test_photo_without_colours_is_black_and_white() -> None:
    grey = Look(make_look().media, make_look().scenes, saturation=0.0, luminance=0.5)

    assert find_scenes(grey) == [(COLOURLESS, 1.0)]


def test_frames_share_scenes_and_average_media() -> None:
    merged = merge_looks([make_look("chart", 0.8, {"water": 0.9}), make_look(scenes={"snow": 0.7}, luminance=0.1)])

    assert merged.media["chart"] == pytest.approx(0.4)
    assert (merged.scenes["water"], merged.scenes["snow"]) == (0.9, 0.7)
    assert merged.luminance == pytest.approx(0.3)


def test_rules_cover_the_probe_and_the_vocabulary() -> None:
    phrases = {phrase for medium in MEDIA.values() for phrase, _ in medium.phrases}
    phrases |= {scene.phrase for scene in (*SCENES.values(), COLOURLESS)}

    assert {*SCENES} == {*PROBED}
    assert phrases <= {*load_vocabulary().scenes}
    assert all(bool(scene.words) != bool(scene.ending) for scene in SCENES.values())
    assert all({*scene.implied_by} <= {*SCENES} for scene in SCENES.values())
