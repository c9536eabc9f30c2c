"""Turn the evidence into labels and a description in one or two plain sentences."""

from uploads.analysis.base import Label
from uploads.analysis.class_names import (
    ANIMALS,
    EVERYDAY_KINDS,
    EVERYDAY_NAMES,
    GUESSED_KINDS,
    SPECIES_KINDS,
    UNCOUNTABLE,
)
from uploads.analysis.evidence import Evidence
from uploads.analysis.scene_rules import COLOURLESS, MEDIA, Medium, Scene, find_medium, find_scenes, guess_scene
from uploads.analysis.vocabulary import Vocabulary

_CERTAIN, _PROBABLE, _POSSIBLE = 0.5, 0.35, 0.3
_CERTAIN_SPECIES = 0.8
_MIN_LABEL = 0.15
_MIN_LABEL_WITH_PEOPLE = 0.3
_MIN_KIND, _MIN_GUESSED_KIND = 0.6, 0.4
_MIN_OBJECT, _MIN_ANIMAL = 0.55, 0.7
_MIN_COLOUR = 0.25
_MAX_LABELS = 8
_MAX_THINGS = 3
_CROWD = 8


def choose_labels(vocabulary: Vocabulary, evidence: Evidence) -> tuple[Label, ...]:
    """Return the labels to show, the highest score first. No name appears twice."""
    medium = _medium(evidence)
    scores: dict[str, float] = {}
    if medium is not None:
        scores[medium.label] = evidence.look.page if medium.page else evidence.look.drawn
    if medium is None or not medium.page:
        minimum = _minimum_label(evidence, drawn=medium is not None)
        scores |= {name: score for name, score in _named_labels(vocabulary, evidence) if score >= minimum}
        kinds = [(name, mass) for name, mass, _ in _everyday_kinds(vocabulary, evidence)]
        scenes = [(scene.label, score) for scene, score in _scenes(evidence)]
        for name, score in kinds + scenes + _objects(vocabulary, evidence):
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
    subject = _subject(vocabulary, evidence, _CERTAIN if scenes or medium is not None else _PROBABLE)
    seen = "; ".join(part for part in (subject, _people(evidence)) if part)
    colours = [name for name, share in evidence.colours.shares if share >= _MIN_COLOUR][:2]
    tones = f" {_colour_sentence(colours)}" if colours and COLOURLESS not in scenes else ""
    if medium is not None:
        shown = seen or join([scene.words for scene in scenes if scene.words])
        drawn = shown and medium is MEDIA["drawing"]
        return _capitalized(f"{medium.words}, perhaps of {shown}" if drawn else medium.words) + tones
    things = [with_article(name) for name, _ in _objects(vocabulary, evidence) if name not in subject][:_MAX_THINGS]
    things += [scene.words for scene in scenes if scene.words and not any(word in subject for word in scene.known_from)]
    if things:
        seen = f"{seen} with {join(things)}" if seen else join(things)
    ending = " ".join(scene.ending for scene in scenes if scene.ending)
    if not seen:
        seen, tones = _unnamed(vocabulary, evidence, colours, tones, ending)
    return _capitalized(f"{seen} {ending}".strip()) + tones


def with_article(name: str) -> str:
    """Return `name` with "a" or "an" if it takes an article."""
    if name in UNCOUNTABLE:
        return name
    vowel_sound = name[0].lower() in "aeio" or name.startswith(("umbrella", "upright", "hourglass"))
    return f"{'an' if vowel_sound else 'a'} {name}"


def join(words: list[str], last: str = "and") -> str:
    """Return "one", "one and two" or "one, two and three", or "" if `words` is empty."""
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def _medium(evidence: Evidence) -> Medium | None:
    """Return the medium to name. A plain surface has none, because the probe mistakes it for a pattern."""
    return None if evidence.colours.plain else find_medium(evidence.look)


def _scenes(evidence: Evidence) -> list[tuple[Scene, float]]:
    return [] if evidence.colours.plain else find_scenes(evidence.look)


def _subject(vocabulary: Vocabulary, evidence: Evidence, minimum: float) -> str:
    """Return the main thing recognised, or "" if it is less likely than `minimum` and not of an everyday kind."""
    named = _named_labels(vocabulary, evidence)
    top, probability = named[0]
    kind = min(_everyday_kinds(vocabulary, evidence), key=lambda entry: entry[2], default=None)
    animals = _detected_animals(vocabulary, evidence)
    if animals and probability < _CERTAIN_SPECIES and (kind is None or kind[0] not in animals):
        return with_article(animals[0])
    if probability >= (_CERTAIN_SPECIES if kind is not None and kind[0] in SPECIES_KINDS else _CERTAIN):
        obvious = kind is None or kind[0] in top.lower() or kind[0] == "beverage"
        return with_article(top) if obvious or kind is None else f"{with_article(top)}, {with_article(kind[0])}"
    if kind is not None:
        guesses = [with_article(name) for name, score in named[:2] if score >= _POSSIBLE and name != kind[0]]
        return f"{with_article(kind[0])}, perhaps {join(guesses, 'or')}" if guesses else with_article(kind[0])
    return f"perhaps {with_article(top)}" if probability >= minimum else ""


def _minimum_label(evidence: Evidence, *, drawn: bool) -> float:
    """Return the minimum probability of labels to show. With people in the picture, most weak guesses are clothing."""
    if drawn:
        return _CERTAIN
    return _MIN_LABEL_WITH_PEOPLE if evidence.people else _MIN_LABEL


def _unnamed(
    vocabulary: Vocabulary, evidence: Evidence, colours: list[str], tones: str, ending: str
) -> tuple[str, str]:
    """Return (text, tones) for a picture in which nothing is recognised; tones is "" if the text names the colours."""
    if evidence.colours.plain and colours:
        return f"a plain {colours[0]} surface", ""
    guess = _guess(vocabulary, evidence)
    if guess:
        return f"perhaps {guess}", tones
    return ("a picture", tones) if ending else (f"a picture in {join(colours) or 'many colours'}", "")


def _guess(vocabulary: Vocabulary, evidence: Evidence) -> str:
    """Return the most likely scene or, if none is likely enough, the most likely broad kind, or else ""."""
    scene = guess_scene(evidence.look, _named_labels(vocabulary, evidence))
    if scene is not None:
        return scene.words
    masses = {kind: mass for kind, mass in zip(vocabulary.kinds, evidence.masses, strict=True) if kind in GUESSED_KINDS}
    best = max(masses, key=masses.__getitem__)
    return with_article(best) if masses[best] >= _MIN_GUESSED_KIND else ""


def _colour_sentence(colours: list[str]) -> str:
    return f"{join(colours).capitalize()} tones."


def _capitalized(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."


def _people(evidence: Evidence) -> str:
    if evidence.people == 1:
        return "close-up of a person" if evidence.close_up else "one person"
    if evidence.people >= _CROWD:
        return f"a crowd of about {evidence.people} people"
    return f"{evidence.people} people" if evidence.people else ""


def _named_labels(vocabulary: Vocabulary, evidence: Evidence) -> list[tuple[str, float]]:
    """Return everyday names with probabilities, the most probable first. Classes that share a name are combined."""
    scores: dict[str, float] = {}
    for row in evidence.probabilities.argsort()[::-1][:10]:
        label = vocabulary.labels[row]
        name = EVERYDAY_NAMES.get(label, label)
        scores[name] = scores.get(name, 0.0) + float(evidence.probabilities[row])
    return sorted(scores.items(), key=lambda entry: -entry[1])


def _everyday_kinds(vocabulary: Vocabulary, evidence: Evidence) -> list[tuple[str, float, float]]:
    """Return (name, probability, number of labels) for each kind that is certain enough and worth naming."""
    sizes = vocabulary.membership.sum(axis=1)
    return [
        (kind.split(",")[0], float(mass), float(size))
        for kind, mass, size in zip(vocabulary.kinds, evidence.masses, sizes, strict=True)
        if mass >= _MIN_KIND and kind in EVERYDAY_KINDS
    ]


def _objects(vocabulary: Vocabulary, evidence: Evidence) -> list[tuple[str, float]]:
    """Return the things detected reliably enough to be named; for animals, see _detected_animals()."""
    names = [(vocabulary.objects[row], score) for row, score in evidence.objects if score >= _MIN_OBJECT]
    return [(EVERYDAY_NAMES.get(name, name), score) for name, score in names if name not in ANIMALS]


def _detected_animals(vocabulary: Vocabulary, evidence: Evidence) -> list[str]:
    names = [vocabulary.objects[row] for row, score in evidence.objects if score >= _MIN_ANIMAL]
    return [name for name in names if name in ANIMALS]
