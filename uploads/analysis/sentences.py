"""Turn the evidence into labels and a description in one or two plain sentences."""

from uploads.analysis.base import Label
from uploads.analysis.class_names import OTHER_WORDS
from uploads.analysis.evidence import Evidence
from uploads.analysis.scene_rules import (
    ANY_DRAWING,
    COLOURLESS,
    MEDIA,
    SCENES,
    TEXTURE,
    Medium,
    Scene,
    find_medium,
    find_scenes,
    guess_scene,
)
from uploads.analysis.subjects import (
    detected_objects,
    everyday_kinds,
    guess_kind,
    join,
    name_subject,
    named_labels,
    with_article,
)
from uploads.analysis.vocabulary import Vocabulary

_CERTAIN, _PROBABLE = 0.5, 0.35
_MIN_LABEL = 0.15
_MIN_LABEL_WITH_PEOPLE = 0.3
_MIN_COLOUR = 0.25
_MAX_LABELS = 8
_MAX_THINGS = 3
_MANY = 8
_CLOSE_UP_AREA = 0.6
# A picture that is less likely than this to be a photo is called a drawing or graphic, unless something in it is
# recognised.
_MIN_PHOTO = 0.35


def choose_labels(vocabulary: Vocabulary, evidence: Evidence) -> tuple[Label, ...]:
    """Return the labels to show, the highest score first. No name appears twice."""
    medium = _medium(evidence)
    scores: dict[str, float] = {}
    if medium is not None:
        scores[medium.label] = evidence.look.page if medium.page else evidence.look.drawn
    if medium is None or not medium.page:
        minimum = _minimum_label(evidence, drawn=medium is not None)
        scores |= {name: score for name, score in named_labels(vocabulary, evidence) if score >= minimum}
        scenes = [(scene.label, score) for scene, score in _scenes(evidence)]
        for name, score in everyday_kinds(vocabulary, evidence) + scenes + detected_objects(vocabulary, evidence):
            scores[name] = max(scores.get(name, 0.0), score)
    if evidence.people:
        scores["person" if evidence.people == 1 else "people"] = evidence.person_score
    best = sorted(scores.items(), key=lambda entry: (-entry[1], entry[0]))[:_MAX_LABELS]
    return tuple(Label(name, round(min(1.0, score), 3)) for name, score in best)


def compose_sentence(vocabulary: Vocabulary, evidence: Evidence) -> str:
    """Return the description: one or two short sentences, never empty."""
    medium = _medium(evidence)
    if medium is not None and medium.page:
        return _capitalized(medium.words)
    scenes = [scene for scene, _ in _scenes(evidence)]
    subject = _subject(vocabulary, evidence, scenes)
    colours = [name for name, share in evidence.colours.shares if share >= _MIN_COLOUR][:2]
    tones = f" {join(colours).capitalize()} tones." if colours and COLOURLESS not in scenes else ""
    if medium is not None:
        return _capitalized(_drawn(evidence, medium, subject, scenes)) + tones
    seen = _seen(evidence, subject, [*_things(vocabulary, evidence, subject), *_scene_words(scenes, subject)])
    ending = " ".join(scene.ending for scene in scenes if scene.ending)
    if not seen:
        seen, tones = _unnamed(vocabulary, evidence, colours, tones, ending)
    return _capitalized(f"{seen} {ending}".strip()) + tones


def _medium(evidence: Evidence) -> Medium | None:
    """Return the medium to name. A plain surface has none, because the probe mistakes it for a pattern."""
    return None if evidence.colours.plain else find_medium(evidence.look)


def _scenes(evidence: Evidence) -> list[tuple[Scene, float]]:
    return [] if evidence.colours.plain else find_scenes(evidence.look)


def _subject(vocabulary: Vocabulary, evidence: Evidence, scenes: list[Scene]) -> str:
    """Return the subject, or "".

    It must be more certain than usual if the picture shows a scene or a texture, or does not look like a photo.
    A picture of stars has no subject, because stars are easily mistaken for other things.
    """
    if SCENES["space"] in scenes:
        return ""
    look = evidence.look
    is_photo = look.media["photo"] >= _MIN_PHOTO and find_medium(look) is None and not evidence.colours.uniform
    return name_subject(vocabulary, evidence, _PROBABLE if is_photo and not scenes else _CERTAIN)


def _drawn(evidence: Evidence, medium: Medium, subject: str, scenes: list[Scene]) -> str:
    shown = _seen(evidence, subject, []).replace("close-up of ", "") or join(_scene_words(scenes, ""))
    drawn = shown and medium is MEDIA["drawing"]
    return f"{medium.words}, perhaps of {shown.removeprefix('perhaps ')}" if drawn else medium.words


def _things(vocabulary: Vocabulary, evidence: Evidence, subject: str) -> list[str]:
    if SCENES["space"] in (scene for scene, _ in _scenes(evidence)):
        return []
    names = [name for name, _ in detected_objects(vocabulary, evidence)]
    new = (name for name in names if name not in subject and OTHER_WORDS.get(name, name) not in subject)
    return [with_article(name) for name in new][:_MAX_THINGS]


def _scene_words(scenes: list[Scene], subject: str) -> list[str]:
    return [scene.words for scene in scenes if scene.words and not any(word in subject for word in scene.known_from)]


def _seen(evidence: Evidence, subject: str, things: list[str]) -> str:
    """Return a phrase that names the subject, the people and the other things, or "" if there are none."""
    main = "; ".join(part for part in (subject, _people(evidence)) if part)
    comma = "," if "," in main else ""
    return f"{main}{comma} with {join(things)}" if main and things else main or join(things)


def _minimum_label(evidence: Evidence, *, drawn: bool) -> float:
    """Return the minimum probability of labels to show. In pictures of people, improbable ones are mostly clothing."""
    if drawn:
        return _CERTAIN
    return _MIN_LABEL_WITH_PEOPLE if evidence.people else _MIN_LABEL


def _unnamed(
    vocabulary: Vocabulary, evidence: Evidence, colours: list[str], tones: str, ending: str
) -> tuple[str, str]:
    """Describe a picture in which nothing is recognised. Return the text, and `tones` or, if it names colours, ""."""
    if evidence.colours.plain and colours:
        return f"a plain {colours[0]} surface", ""
    scene = guess_scene(evidence.look, named_labels(vocabulary, evidence))
    if scene is not None:
        return scene.words if _is_certain(evidence, scene) else f"perhaps {scene.words}", tones
    if evidence.colours.uniform and not ending:
        return TEXTURE, tones
    if evidence.look.media["photo"] < _MIN_PHOTO:
        return ANY_DRAWING, tones
    kind = guess_kind(vocabulary, evidence)
    if kind:
        return f"perhaps {kind}", tones
    if evidence.colours.background and not ending:
        return f"something on a plain {evidence.colours.background} background", ""
    return ("a picture", tones) if ending else (f"a picture in {join(colours) or 'many colours'}", "")


def _is_certain(evidence: Evidence, scene: Scene) -> bool:
    return any(SCENES[name] is scene and p >= scene.minimum for name, p in evidence.look.scenes.items())


def _capitalized(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."


def _people(evidence: Evidence) -> str:
    """Return words for the people, or "". Groups are not counted: the detector misses people even in small groups."""
    if evidence.people == 1:
        return "close-up of a person" if evidence.person_area > _CLOSE_UP_AREA else "a person"
    return ("many people" if evidence.people >= _MANY else "people") if evidence.people else ""
