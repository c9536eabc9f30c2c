"""Say what the evidence supports, in labels and in one or two plain sentences."""

from uploads.analysis.base import Label
from uploads.analysis.class_names import ANIMALS, EVERYDAY_KINDS, EVERYDAY_NAMES, UNCOUNTABLE
from uploads.analysis.evidence import Evidence
from uploads.analysis.vocabulary import Vocabulary

_SURE, _PROBABLE, _POSSIBLE = 0.5, 0.3, 0.2
_LABEL = 0.15
_KIND = 0.6
_THING = 0.55
_COLOUR = 0.25
_MOST_LABELS = 8
_CROWD = 8


def choose_labels(vocabulary: Vocabulary, evidence: Evidence) -> tuple[Label, ...]:
    """Return what to show as labels, each name once, by falling score."""
    # Beside people, a weak guess is mostly about their clothes.
    enough = _PROBABLE if evidence.people else _LABEL
    scores: dict[str, float] = {name: score for name, score in _named(vocabulary, evidence) if score >= enough}
    for name, mass, _ in _everyday_kinds(vocabulary, evidence):
        scores[name] = max(scores.get(name, 0.0), mass)
    for name, score in _things(vocabulary, evidence):
        scores[name] = max(scores.get(name, 0.0), score)
    if evidence.people:
        scores["person" if evidence.people == 1 else "people"] = evidence.person_score
    best = sorted(scores.items(), key=lambda entry: (-entry[1], entry[0]))[:_MOST_LABELS]
    return tuple(Label(name, round(min(1.0, score), 3)) for name, score in best)


def compose_sentence(vocabulary: Vocabulary, evidence: Evidence) -> str:
    """Return the description: one or two short sentences, never empty."""
    subject = _subject(vocabulary, evidence)
    people = _people(evidence)
    things = [with_article(name) for name, _ in _things(vocabulary, evidence) if name not in subject][:3]
    seen = "; ".join(part for part in (subject, people) if part)
    if things:
        seen = f"{seen} with {join(things)}" if seen else join(things)
    colours = [name for name, share in evidence.colours.shares if share >= _COLOUR][:2]
    if not seen:
        seen = f"A plain {colours[0]} surface" if evidence.colours.plain and colours else "Nothing was recognised"
    tones = f" Mostly {join(colours)}." if colours and not seen.startswith("A plain") else ""
    return f"{seen[0].upper()}{seen[1:]}.{tones}"


def with_article(name: str) -> str:
    """Return `name` with "a" or "an" where English wants one."""
    if name in UNCOUNTABLE:
        return name
    sounds_open = name[0].lower() in "aeio" or name.startswith(("umbrella", "upright", "hourglass"))
    return f"{'an' if sounds_open else 'a'} {name}"


def join(words: list[str], last: str = "and") -> str:
    """Return "one", "one and two" or "one, two and three"."""
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _subject(vocabulary: Vocabulary, evidence: Evidence) -> str:
    named = _named(vocabulary, evidence)
    top, sureness = named[0]
    kind = min(_everyday_kinds(vocabulary, evidence), key=lambda entry: entry[2], default=None)
    if sureness >= _SURE:
        known = kind is None or kind[0] in top.lower() or kind[0] == "beverage"
        return with_article(top) if known or kind is None else f"{with_article(top)}, {with_article(kind[0])}"
    if kind is not None:
        guesses = [with_article(name) for name, score in named[:2] if score >= _POSSIBLE]
        return f"{with_article(kind[0])}, perhaps {join(guesses, 'or')}" if guesses else with_article(kind[0])
    if sureness >= _PROBABLE:
        return f"probably {with_article(top)}"
    return f"perhaps {with_article(top)}" if sureness >= _POSSIBLE and not evidence.people else ""


def _people(evidence: Evidence) -> str:
    if evidence.people == 1:
        return "one person, close up" if evidence.close_up else "one person"
    if evidence.people >= _CROWD:
        return f"a crowd of about {evidence.people} people"
    return f"{evidence.people} people" if evidence.people else ""


def _named(vocabulary: Vocabulary, evidence: Evidence) -> list[tuple[str, float]]:
    """Return plain names with their probabilities, the likeliest first; classes of one name are added up."""
    scores: dict[str, float] = {}
    for row in evidence.probabilities.argsort()[::-1][:10]:
        label = vocabulary.labels[row]
        name = EVERYDAY_NAMES.get(label, label)
        scores[name] = scores.get(name, 0.0) + float(evidence.probabilities[row])
    return sorted(scores.items(), key=lambda entry: -entry[1])


def _everyday_kinds(vocabulary: Vocabulary, evidence: Evidence) -> list[tuple[str, float, float]]:
    """Return name, probability and size of the kinds that are sure and worth naming."""
    sizes = vocabulary.membership.sum(axis=1)
    return [
        (kind.split(",")[0], float(mass), float(size))
        for kind, mass, size in zip(vocabulary.kinds, evidence.masses, sizes, strict=True)
        if mass >= _KIND and kind in EVERYDAY_KINDS
    ]


def _things(vocabulary: Vocabulary, evidence: Evidence) -> list[tuple[str, float]]:
    """Return the detected things that can be trusted."""
    names = [(vocabulary.objects[row], score) for row, score in evidence.things if score >= _THING]
    return [(EVERYDAY_NAMES.get(name, name), score) for name, score in names if name not in ANIMALS]
