"""Weigh what the networks say: which of it is sure enough to be used, and what must not be said of people."""

from dataclasses import dataclass

import numpy as np

from uploads.analysis.class_names import HIDDEN_WITH_PEOPLE
from uploads.analysis.colours import Colours
from uploads.analysis.detector import Detection
from uploads.analysis.model_files import Floats
from uploads.analysis.vocabulary import Vocabulary

DETECTED = 0.45
"""The detector's score from which a thing counts as there."""

PERSON = 0
"""The detector's class for people."""

_CLOSE_UP_AREA = 0.24


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one picture.

    probabilities: (labels,) of the classifier after suppression. masses: (kinds,), the probability that the picture
    shows one of each kind. things: detected classes other than people with their best scores, the surest first.
    people: how many were detected; close_up: one of them fills a good part of the picture.
    """

    probabilities: Floats
    masses: Floats
    things: tuple[tuple[int, float], ...]
    people: int
    person_score: float
    close_up: bool
    colours: Colours


def combine_evidence(
    vocabulary: Vocabulary, probabilities: Floats, detections: list[Detection], colours: Colours
) -> Evidence:
    """Combine what was seen in one picture; `detections` with a score below DETECTED are left out."""
    sure = [found for found in detections if found.score >= DETECTED]
    people = [found for found in sure if found.kind == PERSON]
    if people:
        probabilities = probabilities * _fit_for_people(vocabulary)
    things: dict[int, float] = {}
    for found in sure:
        if found.kind != PERSON:
            things[found.kind] = max(things.get(found.kind, 0.0), found.score)
    return Evidence(
        probabilities=probabilities,
        masses=vocabulary.membership @ probabilities,
        things=tuple(sorted(things.items(), key=lambda thing: -thing[1])),
        people=len(people),
        person_score=max((found.score for found in people), default=0.0),
        close_up=any(found.area > _CLOSE_UP_AREA for found in people),
        colours=colours,
    )


def _fit_for_people(vocabulary: Vocabulary) -> Floats:
    return np.array([label not in HIDDEN_WITH_PEOPLE for label in vocabulary.labels], np.float32)
