"""Combine the networks' results, dropping uncertain detections and labels that must not describe people."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from uploads.analysis.class_names import HIDDEN_WITH_PEOPLE
from uploads.analysis.colours import Colours, mean_colours
from uploads.analysis.detector import Detection
from uploads.analysis.model_files import Floats
from uploads.analysis.probe import Look, merge_looks
from uploads.analysis.vocabulary import Vocabulary

MIN_SCORE = 0.4
"""The minimum score of a detection that counts at all, if only as a hint."""

PERSON = 0
"""The detector's class index for people."""

_MIN_DETECTED = 0.45
# A person who covers more than this share of the picture counts as a close-up. A person shown from head to foot covers
# less, even near the camera.
_CLOSE_UP_AREA = 0.42
# The detector mistakes animals, and tiny shapes of any kind, for people, but with low scores.
_ANIMAL, _MIN_PERSON_WITH_ANIMAL = 0.3, 0.65
_TINY_AREA, _MIN_TINY_PERSON = 0.02, 0.55
# The detector mistakes surfaces that fill much of a picture for objects, but with lower scores than real objects.
_LARGE_AREA, _MIN_LARGE_SCORE = 0.4, 0.65
# A large person is accepted at a lower score if the classifier recognises nothing.
_MIN_LARGE_PERSON, _RECOGNISED = 0.57, 0.4


@dataclass(frozen=True, slots=True)
class Evidence:
    """The findings in one picture or video.

    - `probabilities`, shape (labels,), come from the classifier. Suppressed labels are 0.
    - `masses`, shape (kinds,), are the probabilities that the picture shows a member of each kind.
    - `objects` are the detected classes except people, each with its best score, highest score first.
    - `hints` are the detected classes except people, including those whose detection is too uncertain for `objects`.
    - `people` is the number of people detected, and `person_area` the largest share of the picture that one of them
      covers.
    - `may_show_people` is also true if people are detected with too little certainty to be mentioned.
    """

    probabilities: Floats
    masses: Floats
    objects: tuple[tuple[int, float], ...]
    hints: frozenset[int]
    people: int
    person_score: float
    person_area: float
    may_show_people: bool
    colours: Colours
    look: Look

    @property
    def close_up(self) -> bool:
        """Whether a person fills a large part of the picture."""
        return self.person_area > _CLOSE_UP_AREA


def combine_evidence(
    vocabulary: Vocabulary, probabilities: Floats, detections: list[Detection], colours: Colours, look: Look
) -> Evidence:
    """Combine the results for one picture. Detections with a score below MIN_SCORE are ignored."""
    possible = [found for found in detections if found.score >= _MIN_DETECTED]
    certain = _certain(probabilities, possible)
    people = _people(vocabulary, probabilities, certain)
    objects: dict[int, float] = {}
    for found in certain:
        if found.kind != PERSON:
            objects[found.kind] = max(objects.get(found.kind, 0.0), found.score)
    evidence = Evidence(
        probabilities=probabilities,
        masses=vocabulary.membership @ probabilities,
        objects=tuple(sorted(objects.items(), key=lambda entry: -entry[1])),
        hints=frozenset(found.kind for found in detections if found.score >= MIN_SCORE and found.kind != PERSON),
        people=len(people),
        person_score=max((found.score for found in people), default=0.0),
        person_area=max((found.area for found in people), default=0.0),
        may_show_people=any(found.kind == PERSON for found in possible),
        colours=colours,
        look=look,
    )
    return hide_with_people(vocabulary, evidence) if evidence.may_show_people else evidence


def hide_with_people(vocabulary: Vocabulary, evidence: Evidence) -> Evidence:
    """Return the evidence without labels that must not be applied to people."""
    probabilities = evidence.probabilities * _allowed_with_people(vocabulary)
    return replace(evidence, probabilities=probabilities, masses=vocabulary.membership @ probabilities)


def merge_evidence(found: Sequence[Evidence]) -> Evidence:
    """Combine the evidence in a video's frames: the highest scores, the most people, and the mean colours."""
    if len(found) == 1:
        return found[0]
    objects: Counter[int] = Counter()
    for one in found:
        objects |= Counter(dict(one.objects))
    most = max(found, key=lambda one: one.people)
    return Evidence(
        probabilities=np.max([one.probabilities for one in found], axis=0),
        masses=np.max([one.masses for one in found], axis=0),
        objects=tuple(sorted(objects.items(), key=lambda entry: -entry[1])),
        hints=frozenset[int]().union(*(one.hints for one in found)),
        people=most.people,
        person_score=max(one.person_score for one in found),
        person_area=most.person_area,
        may_show_people=any(one.may_show_people for one in found),
        colours=mean_colours([one.colours for one in found]),
        look=merge_looks([one.look for one in found]),
    )


def _certain(probabilities: Floats, possible: Sequence[Detection]) -> list[Detection]:
    large_person = _MIN_LARGE_PERSON if probabilities.max() < _RECOGNISED else _MIN_LARGE_SCORE
    return [
        found
        for found in possible
        if found.area < _LARGE_AREA or found.score >= (large_person if found.kind == PERSON else _MIN_LARGE_SCORE)
    ]


def _people(vocabulary: Vocabulary, probabilities: Floats, certain: Sequence[Detection]) -> list[Detection]:
    is_animal = vocabulary.membership[vocabulary.kinds.index("animal")]
    shows_animal = (is_animal * probabilities).max() >= _ANIMAL
    minimum = _MIN_PERSON_WITH_ANIMAL if shows_animal else _MIN_DETECTED
    return [
        found
        for found in certain
        if found.kind == PERSON
        and found.score >= (minimum if found.area >= _TINY_AREA else max(minimum, _MIN_TINY_PERSON))
    ]


def _allowed_with_people(vocabulary: Vocabulary) -> Floats:
    return np.array([label not in HIDDEN_WITH_PEOPLE for label in vocabulary.labels], np.float32)
