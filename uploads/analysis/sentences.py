"""Turn the evidence into labels and a description in one or two plain sentences."""

from uploads.analysis.base import Label
from uploads.analysis.class_names import ANIMALS, EVERYDAY_KINDS, EVERYDAY_NAMES, UNCOUNTABLE
from uploads.analysis.evidence import Evidence
from uploads.analysis.vocabulary import Vocabulary

_CERTAIN, _PROBABLE, _POSSIBLE = 0.5, 0.3, 0.2
_MIN_LABEL = 0.15
_MIN_KIND = 0.6
_MIN_OBJECT = 0.55
_MIN_COLOUR = 0.25
_MAX_LABELS = 8
_CROWD = 8


def choose_labels(vocabulary: Vocabulary, evidence: Evidence) -> tuple[Label, ...]:
    """Return the labels to show, the highest score first. No name appears twice."""
    # In pictures of people, most weak guesses are about clothes.
    minimum = _PROBABLE if evidence.people else _MIN_LABEL
    scores: dict[str, float] = {name: score for name, score in _named_labels(vocabulary, evidence) if score >= minimum}
    for name, mass, _ in _everyday_kinds(vocabulary, evidence):
        scores[name] = max(scores.get(name, 0.0), mass)
    for name, score in _objects(vocabulary, evidence):
        scores[name] = max(scores.get(name, 0.0), score)
    if evidence.people:
        scores["person" if evidence.people == 1 else "people"] = evidence.person_score
    best = sorted(scores.items(), key=lambda entry: (-entry[1], entry[0]))[:_MAX_LABELS]
    return tuple(Label(name, round(min(1.0, score), 3)) for name, score in best)


def compose_sentence(vocabulary: Vocabulary, evidence: Evidence) -> str:
    """Return the description: one or two short sentences, never empty."""
    subject = _subject(vocabulary, evidence)
    people = _people(evidence)
    objects = [with_article(name) for name, _ in _objects(vocabulary, evidence) if name not in subject][:3]
    seen = "; ".join(part for part in (subject, people) if part)
    if objects:
        seen = f"{seen} with {join(objects)}" if seen else join(objects)
    colours = [name for name, share in evidence.colours.shares if share >= _MIN_COLOUR][:2]
    if not seen:
        return _colour_sentence(colours, evidence.colours.plain) or "No recognizable content."
    tones = f" {_colour_sentence(colours)}" if colours else ""
    return f"{seen[0].upper()}{seen[1:]}.{tones}"


def with_article(name: str) -> str:
    """Return `name` with "a" or "an" if it takes an article."""
    if name in UNCOUNTABLE:
        return name
    vowel_sound = name[0].lower() in "aeio" or name.startswith(("umbrella", "upright", "hourglass"))
    return f"{'an' if vowel_sound else 'a'} {name}"


def join(words: list[str], last: str = "and") -> str:
    """Return "one", "one and two" or "one, two and three"."""
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _subject(vocabulary: Vocabulary, evidence: Evidence) -> str:
    named = _named_labels(vocabulary, evidence)
    top, probability = named[0]
    kind = min(_everyday_kinds(vocabulary, evidence), key=lambda entry: entry[2], default=None)
    if probability >= _CERTAIN:
        obvious = kind is None or kind[0] in top.lower() or kind[0] == "beverage"
        return with_article(top) if obvious or kind is None else f"{with_article(top)}, {with_article(kind[0])}"
    if kind is not None:
        guesses = [with_article(name) for name, score in named[:2] if score >= _POSSIBLE]
        return f"{with_article(kind[0])}, perhaps {join(guesses, 'or')}" if guesses else with_article(kind[0])
    if probability >= _PROBABLE:
        return f"probably {with_article(top)}"
    return f"perhaps {with_article(top)}" if probability >= _POSSIBLE and not evidence.people else ""


def _colour_sentence(colours: list[str], plain: bool = False) -> str:
    if not colours:
        return ""
    return f"A plain {colours[0]} surface." if plain else f"{join(colours).capitalize()} tones."


def _people(evidence: Evidence) -> str:
    if evidence.people == 1:
        return "close-up of a person" if evidence.close_up else "one person"
    if evidence.people >= _CROWD:
        return f"a crowd of about {evidence.people} people"
    return f"{evidence.people} people" if evidence.people else ""


def _named_labels(vocabulary: Vocabulary, evidence: Evidence) -> list[tuple[str, float]]:
    """Return everyday names with probabilities, the highest first. Classes that share a name are combined."""
    scores: dict[str, float] = {}
    for row in evidence.probabilities.argsort()[::-1][:10]:
        label = vocabulary.labels[row]
        name = EVERYDAY_NAMES.get(label, label)
        scores[name] = scores.get(name, 0.0) + float(evidence.probabilities[row])
    return sorted(scores.items(), key=lambda entry: -entry[1])


def _everyday_kinds(vocabulary: Vocabulary, evidence: Evidence) -> list[tuple[str, float, float]]:
    """Return name, probability and number of labels for each kind that is certain enough and worth naming."""
    sizes = vocabulary.membership.sum(axis=1)
    return [
        (kind.split(",")[0], float(mass), float(size))
        for kind, mass, size in zip(vocabulary.kinds, evidence.masses, sizes, strict=True)
        if mass >= _MIN_KIND and kind in EVERYDAY_KINDS
    ]


def _objects(vocabulary: Vocabulary, evidence: Evidence) -> list[tuple[str, float]]:
    """Return the detected objects that are reliable enough to name."""
    names = [(vocabulary.objects[row], score) for row, score in evidence.objects if score >= _MIN_OBJECT]
    return [(EVERYDAY_NAMES.get(name, name), score) for name, score in names if name not in ANIMALS]
