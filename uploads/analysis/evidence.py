"""Combine the networks' results, dropping uncertain detections and labels that must not describe people."""

from dataclasses import dataclass

import numpy as np

from uploads.analysis.class_names import HIDDEN_WITH_PEOPLE
from uploads.analysis.colours import Colours
from uploads.analysis.detector import Detection
from uploads.analysis.model_files import Floats
from uploads.analysis.vocabulary import Vocabulary

MIN_SCORE = 0.45
"""The minimum score of an object that counts as detected."""

PERSON = 0
"""The detector's class index for people."""

_CLOSE_UP_AREA = 0.24


@dataclass(frozen=True, slots=True)
class Evidence:
    """The findings in one picture.

    - `probabilities`, shape (labels,), come from the classifier. Suppressed labels are 0.
    - `masses`, shape (kinds,), are the probabilities that the picture shows a member of each kind.
    - `objects` are the detected classes except people, each with its best score, highest score first.
    - `people` is the number of people detected; `close_up` is whether one of them fills a large part of the picture.
    """

    probabilities: Floats
    masses: Floats
    objects: tuple[tuple[int, float], ...]
    people: int
    person_score: float
    close_up: bool
    colours: Colours


def combine_evidence(
    vocabulary: Vocabulary, probabilities: Floats, detections: list[Detection], colours: Colours
) -> Evidence:
    """Combine the results for one picture. Detections with a score below MIN_SCORE are ignored."""
    certain = [found for found in detections if found.score >= MIN_SCORE]
    people = [found for found in certain if found.kind == PERSON]
    if people:
        probabilities = probabilities * _allowed_with_people(vocabulary)
    objects: dict[int, float] = {}
    for found in certain:
        if found.kind != PERSON:
            objects[found.kind] = max(objects.get(found.kind, 0.0), found.score)
    return Evidence(
        probabilities=probabilities,
        masses=vocabulary.membership @ probabilities,
        objects=tuple(sorted(objects.items(), key=lambda entry: -entry[1])),
        people=len(people),
        person_score=max((found.score for found in people), default=0.0),
        close_up=any(found.area > _CLOSE_UP_AREA for found in people),
        colours=colours,
    )


def _allowed_with_people(vocabulary: Vocabulary) -> Floats:
    return np.array([label not in HIDDEN_WITH_PEOPLE for label in vocabulary.labels], np.float32)
