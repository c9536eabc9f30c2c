"""Name the things in a picture, no more precisely than the evidence allows."""

from uploads.analysis.class_names import (
    ANIMALS,
    DOUBTFUL,
    EVERYDAY_KINDS,
    EVERYDAY_NAMES,
    FOODS,
    GUESSED_KINDS,
    KINDS_HIDDEN_WITH_PEOPLE,
    PLACES,
    SUBJECT_KINDS,
    UNCOUNTABLE,
)
from uploads.analysis.evidence import Evidence
from uploads.analysis.vocabulary import Vocabulary

_POSSIBLE = 0.3
# The classifier often confuses the members of a kind: breeds, species, tools, buildings.
_CERTAIN_SPECIES, _CERTAIN_MEMBER = 0.8, 0.95
# A label less probable than _CERTAIN_THING is usually wrong. If it names a place or has an everyday name, _CERTAIN is
# enough.
_CERTAIN, _CERTAIN_THING = 0.5, 0.65
_EVERYDAY = frozenset(EVERYDAY_NAMES.values())
_MIN_KIND = 0.6
# A kind needs a lower probability if uncertain detections support it.
_MIN_HINTED_ANIMAL, _MIN_HINTED_BIRD, _MIN_HINTED_FOOD, _FOOD_HINTS = 0.5, 0.3, 0.3, 2
_MIN_OBJECT, _MIN_OBJECT_WITH_PEOPLE, _MIN_ANIMAL = 0.7, 0.55, 0.7


def name_subject(vocabulary: Vocabulary, evidence: Evidence, minimum: float) -> str:
    """Return the main thing recognised, with its article, or "".

    A place, or a thing with an everyday name, is named with “perhaps” if it is uncertain but its probability is at
    least `minimum`.
    """
    named = _certain_enough(vocabulary, evidence)
    top, probability = named[0] if named else ("", 0.0)
    kind = _smallest_kind(vocabulary, evidence)
    animals = _detected_animals(vocabulary, evidence)
    if animals and probability < _CERTAIN_SPECIES and kind not in animals:
        return with_article(animals[0])
    if kind:
        return _kind_and_member(kind, named)
    is_reliable = top in _EVERYDAY or any(top in _members(vocabulary, kind) for kind in PLACES)
    if probability >= (_CERTAIN if is_reliable else _CERTAIN_THING):
        return with_article(top)
    if hinted := _hinted_kind(vocabulary, evidence):
        return with_article(hinted)
    return f"perhaps {with_article(top)}" if is_reliable and probability >= minimum else ""


def guess_kind(vocabulary: Vocabulary, evidence: Evidence) -> str:
    """Return the most probable broad kind with its article, or "" if it is too improbable."""
    masses = {kind: _mass(vocabulary, evidence, kind) for kind in GUESSED_KINDS}
    best = max(masses, key=masses.__getitem__)
    return with_article(_everyday(best)) if masses[best] >= GUESSED_KINDS[best] else ""


def named_labels(vocabulary: Vocabulary, evidence: Evidence) -> list[tuple[str, float]]:
    """Return (everyday name, probability) pairs of the ten best labels, the best first. Equal names are combined."""
    scores: dict[str, float] = {}
    for row in evidence.probabilities.argsort()[::-1][:10]:
        label = vocabulary.labels[row]
        name = EVERYDAY_NAMES.get(label, label)
        scores[name] = scores.get(name, 0.0) + float(evidence.probabilities[row])
    return sorted(scores.items(), key=lambda entry: -entry[1])


def everyday_kinds(vocabulary: Vocabulary, evidence: Evidence) -> list[tuple[str, float]]:
    """Return the name and probability of each kind that is certain enough and worth showing."""
    kinds = zip(vocabulary.kinds, evidence.masses, strict=True)
    return [(kind.split(",")[0], float(mass)) for kind, mass in kinds if mass >= _MIN_KIND and kind in EVERYDAY_KINDS]


def detected_objects(vocabulary: Vocabulary, evidence: Evidence) -> list[tuple[str, float]]:
    """Return the things detected reliably enough to be named, except animals.

    The detector is right more often in pictures with people than in pictures of a single thing.
    """
    minimum = _MIN_OBJECT_WITH_PEOPLE if evidence.people else _MIN_OBJECT
    names = [(vocabulary.objects[row], score) for row, score in evidence.objects if score >= minimum]
    return [(EVERYDAY_NAMES.get(name, name), score) for name, score in names if name not in ANIMALS]


def with_article(name: str) -> str:
    """Return `name` with "a" or "an" if it takes an article."""
    if name in UNCOUNTABLE:
        return name
    vowel_sound = name[0].lower() in "aeio" or name.startswith(("umbrella", "upright", "hourglass"))
    return f"{'an' if vowel_sound else 'a'} {name}"


def join(words: list[str], last: str = "and") -> str:
    """Return "one", "one and two" or "one, two and three", or "" if `words` is empty."""
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def _hinted_kind(vocabulary: Vocabulary, evidence: Evidence) -> str:
    """Return the kind on which the classifier and uncertain detections agree, or "".

    In pictures that may show flowers, animals are not trusted, because both models take some flowers for birds.
    """
    hints = {vocabulary.objects[row] for row in evidence.hints}
    if hints & ANIMALS and _mass(vocabulary, evidence, "animal") >= _MIN_HINTED_ANIMAL and not _may_be_flower(evidence):
        is_bird = "bird" in hints and _mass(vocabulary, evidence, "bird") >= _MIN_HINTED_BIRD
        return "bird" if is_bird else "" if evidence.may_show_people else "animal"
    food = _mass(vocabulary, evidence, "food") + _mass(vocabulary, evidence, "beverage")
    return "food" if len(hints & FOODS) >= _FOOD_HINTS and food >= _MIN_HINTED_FOOD else ""


def _may_be_flower(evidence: Evidence) -> bool:
    return max(evidence.look.scenes["flower"], evidence.look.scenes["plants"]) >= _POSSIBLE


def _mass(vocabulary: Vocabulary, evidence: Evidence, kind: str) -> float:
    return float(evidence.masses[vocabulary.kinds.index(kind)])


def _kind_and_member(kind: str, named: list[tuple[str, float]]) -> str:
    """Name a kind and the most probable labels, with “perhaps” if they are uncertain: "a bird, perhaps a macaw"."""
    top, probability = named[0] if named else ("", 0.0)
    if probability >= _CERTAIN_MEMBER:
        obvious = kind in top.lower() or kind in {"animal", "beverage"}
        return with_article(top) if obvious else f"{with_article(top)}, {with_article(kind)}"
    guesses = [with_article(name) for name, score in named[:2] if score >= _POSSIBLE and name != kind]
    return f"{with_article(kind)}, perhaps {join(guesses, 'or')}" if guesses else with_article(kind)


def _certain_enough(vocabulary: Vocabulary, evidence: Evidence) -> list[tuple[str, float]]:
    """Return the labels to name. Omit clothing if there may be people, and doubtful labels unless very probable."""
    hidden = _members(vocabulary, "clothing") if evidence.may_show_people else frozenset()
    return [
        (name, score)
        for name, score in named_labels(vocabulary, evidence)
        if name not in hidden and (name not in DOUBTFUL or score >= _CERTAIN_SPECIES)
    ]


def _members(vocabulary: Vocabulary, kind: str) -> frozenset[str]:
    """Return the everyday names of the labels of `kind`."""
    columns = vocabulary.membership[vocabulary.kinds.index(kind)].nonzero()[0]
    labels = (vocabulary.labels[column] for column in columns)
    return frozenset(EVERYDAY_NAMES.get(label, label) for label in labels)


def _smallest_kind(vocabulary: Vocabulary, evidence: Evidence) -> str:
    """Return the everyday name of the most specific certain kind (the one with the fewest labels), or ""."""
    sizes = vocabulary.membership.sum(axis=1)
    kinds = [
        (float(size), kind)
        for kind, mass, size in zip(vocabulary.kinds, evidence.masses, sizes, strict=True)
        if mass >= _MIN_KIND
        and kind in SUBJECT_KINDS
        and not (evidence.may_show_people and kind in KINDS_HIDDEN_WITH_PEOPLE)
    ]
    return _everyday(min(kinds)[1]) if kinds else ""


def _everyday(kind: str) -> str:
    return "animal" if kind == "mammal" else kind.split(",")[0]


def _detected_animals(vocabulary: Vocabulary, evidence: Evidence) -> list[str]:
    names = [vocabulary.objects[row] for row, score in evidence.objects if score >= _MIN_ANIMAL]
    return [name for name in names if name in ANIMALS]
