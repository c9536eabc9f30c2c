"""Rules for media (such as drawings) and scenes: when and how to name them, and which phrases they add to vectors.

The thresholds were chosen on pictures that the probe was not trained on; see docs/analysis.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from uploads.analysis.probe import Look

_PAGE, _KNOWN_PAGE, _ABSTRACT = 0.6, 0.9, 0.5
# High, because photos of a single thing against a plain background look like drawings.
_DRAWING = 0.7
# A picture that shows a scene with at least this probability is not called a pattern. Close-ups of leaves, for example,
# look like patterns.
_NO_PATTERN = 0.8
_NIGHT_LUMINANCE = 0.42
_COLOURLESS = 0.035
# Less probable scenes only add noise to the vector.
_MIN_POSSIBLE = 0.2
# A scene may be guessed if its probability plus those of the labels that support it reach this share of `minimum`.
_GUESS = 0.6
# Dark textures look a little like stars.
_NEVER_GUESSED = ("space",)
# Less probable labels do not support a scene.
_MIN_SUPPORT = 0.15


@dataclass(frozen=True, slots=True)
class Medium:
    """How a medium other than a photo is named, and the weighted `phrases` that represent it in vectors.

    `page` means that the medium consists of text or figures; object labels are then ignored.
    """

    words: str
    label: str
    phrases: tuple[tuple[str, float], ...]
    page: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """How a scene is named if its probability is at least `minimum`.

    `words` are listed with the things in the picture, and `ending` ends the sentence; one of them is empty. The scene
    is omitted if a scene in `implied_by` is found too, or if the subject contains a word in `known_from`. `phrase` with
    `weight` represents the scene in vectors.
    """

    minimum: float
    label: str
    phrase: str
    weight: float
    words: str = ""
    ending: str = ""
    implied_by: tuple[str, ...] = ()
    known_from: tuple[str, ...] = ()


MEDIA: Mapping[str, Medium] = {
    "document": Medium(
        "a document with text",
        "document",
        (("a document, a page of text", 1.0), ("letter, form, receipt or article on paper", 0.4)),
        page=True,
    ),
    "screenshot": Medium(
        "a screenshot",
        "screenshot",
        (("a screenshot of a computer screen", 1.0), ("website or program window", 0.5)),
        page=True,
    ),
    "chart": Medium(
        "a chart or diagram",
        "chart",
        (("a chart or diagram", 1.0), ("graph with axes, boxes and arrows", 0.5)),
        page=True,
    ),
    "drawing": Medium(
        "a drawing, painting or graphic", "drawing", (("a painting or drawing", 0.7), ("illustration, cartoon", 0.5))
    ),
    "abstract": Medium(
        "an abstract picture, graphic or texture", "abstract", (("abstract art", 0.6), ("an abstract pattern", 0.7))
    ),
}
"""Media other than photos, keyed by their names in the probe."""

ANY_PAGE = Medium("a page, screen or graphic with text", "text", (), page=True)
"""The medium to name for a page if it is uncertain which kind of page it is."""

TEXTURE = "a texture or many similar things"
"""What to call a picture whose parts look alike, if nothing in it is recognised."""

ANY_DRAWING = "a drawing or graphic"
"""What to call a picture that is neither a photo nor certainly of another medium."""

SCENES: Mapping[str, Scene] = {
    "space": Scene(0.5, "stars", "stars and galaxies in space", 0.7, words="stars or space"),
    "mountain": Scene(
        0.5, "mountains", "mountains", 0.6, words="mountains", known_from=("mountain", "volcano", "alp", "cliff")
    ),
    "trees": Scene(0.5, "trees", "a forest, woods with trees", 0.9, words="trees"),
    "street": Scene(0.5, "street", "city skyline and streets", 0.7, words="a street"),
    "building": Scene(
        0.5, "buildings", "buildings", 0.7, words="buildings",
        known_from=("building", "house", "church", "castle", "palace", "temple", "tower", "barn", "monastery", "mosque",
                    "library", "arch", "monument", "windmill", "stupa", "dome"),
    ),
    "beach": Scene(0.5, "beach", "a beach by the sea", 0.5, words="a beach", known_from=("beach", "sandbar")),
    "water": Scene(
        0.5, "water", "water of a lake or the sea", 0.6, words="water", implied_by=("beach", "underwater"),
        known_from=("lakeshore", "shore", "coast", "dam", "fountain"),
    ),
    "flower": Scene(0.5, "flower", "a flower", 0.8, words="flowers", known_from=("flower", "daisy", "rapeseed")),
    "field": Scene(0.5, "field", "a meadow or an open field", 0.7, words="open land", known_from=("hay",)),
    "plants": Scene(
        0.5, "plants", "green plants and leaves, grass", 0.8, words="plants", implied_by=("trees", "field", "flower")
    ),
    "indoor": Scene(0.5, "room", "a room indoors", 0.6, ending="indoors", implied_by=("street", "mountain", "water")),
    "snow": Scene(0.5, "snow", "snow in winter", 0.6, words="snow"),
    "sky": Scene(0.5, "sky", "blue sky with clouds", 0.6, words="the sky", implied_by=("sunset", "night", "space")),
    "sunset": Scene(0.5, "sunset", "sunset sky", 0.9, ending="at sunset"),
    "night": Scene(0.5, "night", "at night", 0.7, ending="at night", implied_by=("space", "underwater")),
    "underwater": Scene(0.6, "underwater", "underwater", 0.5, ending="under water"),
}  # fmt: skip
"""Scenes, keyed by their names in the probe, in the order in which descriptions name them."""

COLOURLESS = Scene(0.0, "black and white", "black and white photo", 0.5, ending="in black and white")


def find_medium(look: Look) -> Medium | None:
    """Return the medium to name, or None if no medium other than a photo is certain enough."""
    if look.page > _PAGE:
        best = max((name for name in MEDIA if MEDIA[name].page), key=look.media.__getitem__)
        return MEDIA[best] if look.media[best] > _KNOWN_PAGE else ANY_PAGE
    if look.media["drawing"] >= look.media["abstract"]:
        return MEDIA["drawing"] if look.drawn > _DRAWING else None
    is_pattern = look.drawn > _ABSTRACT and max(look.scenes.values()) < _NO_PATTERN
    return MEDIA["abstract"] if is_pattern else None


def find_scenes(look: Look) -> list[tuple[Scene, float]]:
    """Return the scenes to name, with their probabilities. Pages and abstract patterns have none."""
    medium = find_medium(look)
    if not _may_have_scenes(medium):
        return []
    names = [name for name, scene in SCENES.items() if look.scenes[name] >= scene.minimum]
    if "night" in names and look.luminance >= _NIGHT_LUMINANCE:
        names.remove("night")
    if {"night", "sunset"} <= {*names}:
        names.remove(min("night", "sunset", key=look.scenes.__getitem__))
    found = [(SCENES[name], look.scenes[name]) for name in names if not {*SCENES[name].implied_by} & {*names}]
    return [*found, (COLOURLESS, 1.0)] if look.saturation < _COLOURLESS and medium is None else found


def possible_scenes(look: Look) -> list[tuple[Scene, float]]:
    """Return the scenes that are too improbable to name but useful for searches, with their probabilities."""
    if not _may_have_scenes(find_medium(look)):
        return []
    scenes = ((scene, look.scenes[name]) for name, scene in SCENES.items())
    return [(scene, p) for scene, p in scenes if _MIN_POSSIBLE <= p < scene.minimum]


def guess_scene(look: Look, labels: Sequence[tuple[str, float]]) -> Scene | None:
    """Return the most likely scene for a photo in which nothing was recognised reliably, or None if none is likely.

    A label supports a scene if its name contains a word in the scene's `known_from`. The probabilities of the labels
    that support a scene, except very low ones, are added to the scene's own.
    """
    if find_medium(look) is not None:
        return None
    likeliness = {
        name: (look.scenes[name] + _support(scene, labels)) / scene.minimum
        for name, scene in SCENES.items()
        if scene.words and name not in _NEVER_GUESSED
    }
    best = max(likeliness, key=likeliness.__getitem__)
    return SCENES[best] if likeliness[best] >= _GUESS else None


def _may_have_scenes(medium: Medium | None) -> bool:
    return medium is None or not (medium.page or medium is MEDIA["abstract"])


def _support(scene: Scene, labels: Sequence[tuple[str, float]]) -> float:
    probable = (entry for entry in labels if entry[1] >= _MIN_SUPPORT)
    return sum(probability for name, probability in probable if {*scene.known_from} & {*name.lower().split()})
