"""Compute a picture's vector as the weighted sum of the vectors of all phrases that the evidence supports.

The phrase vectors are all-MiniLM-L6-v2 embeddings, so a picture can be compared by cosine with a search query that the
same model has embedded.

v = norm(sum over the 30 best labels of sqrt(p) e(label) / sum of sqrt(p) + sum over other phrases of w e(phrase)),
where p is the probability of the label, w the weight of the phrase, and e(x) the vector of x.

With these weights, a photo ranks highest if it almost certainly shows what the query names. A detected object's weight
is its full score. The most probable labels also count as other phrases, with their probability as weight. Colours have
small weights, because many photos share them. The networks were trained on photos, so for pages and drawings,
everything except the medium and scenes has less weight.
"""

import numpy as np

from uploads.analysis.evidence import PERSON, Evidence
from uploads.analysis.probe import Look
from uploads.analysis.scene_rules import MEDIA, find_scenes, possible_scenes
from uploads.analysis.vocabulary import Vocabulary

MODEL = "concept-minilm-probe-2-384"
"""Change this name whenever new vectors are not comparable with old ones."""

_BEST_LABELS = 30
_SURE_LABELS = 5
_SURE_LABEL = 0.08
_SURE_KIND = 0.3
# Kinds with at least this many labels get less weight, because they are too general.
_WIDE_KIND = 60
_COLOUR_SHARE = 0.15
_COLOUR_WEIGHT = 0.3
_MIN_MEDIUM = 0.1
_PAGE_DAMPING, _DRAWING_DAMPING, _LEAST_DAMPED = 0.65, 0.4, 0.3


def weigh_phrases(vocabulary: Vocabulary, evidence: Evidence) -> tuple[tuple[int, float], ...]:
    """Return rows of `vocabulary.vectors` with their weights. The same row can appear more than once."""
    objects = [
        *_labels(evidence),
        *_kinds(vocabulary, evidence),
        *_objects(vocabulary, evidence),
        *_rows(vocabulary, _people(evidence) + _colours(evidence)),
    ]
    damping = _damping(evidence.look)
    return (
        *((row, weight * damping) for row, weight in objects),
        *_rows(vocabulary, _media(evidence) + _scenes(evidence)),
    )


def combine_vectors(vocabulary: Vocabulary, weights: tuple[tuple[int, float], ...]) -> tuple[float, ...] | None:
    """Return the weighted sum of vectors (see weigh_phrases()), scaled to unit length, or None if the sum is zero."""
    total = np.zeros(vocabulary.vectors.shape[1], np.float32)
    for row, weight in weights:
        total += weight * vocabulary.vectors[row]
    length = float(np.linalg.norm(total))
    return tuple((total / length).tolist()) if length > 0 else None


def _labels(evidence: Evidence) -> list[tuple[int, float]]:
    p = evidence.probabilities
    best = np.argsort(-p, kind="stable")[:_BEST_LABELS]
    roots = np.sqrt(p[best])
    shares = roots / max(float(roots.sum()), 1e-9)
    weights = [(int(row), float(share)) for row, share in zip(best, shares, strict=True)]
    return weights + [(int(row), float(p[row])) for row in best[:_SURE_LABELS] if p[row] >= _SURE_LABEL]


def _kinds(vocabulary: Vocabulary, evidence: Evidence) -> list[tuple[int, float]]:
    sizes = vocabulary.membership.sum(axis=1)
    trust = np.where(sizes < _WIDE_KIND, 0.9, 0.7)
    sure = np.flatnonzero(evidence.masses >= _SURE_KIND)
    return [(vocabulary.first_kind + int(row), float(evidence.masses[row] * trust[row])) for row in sure]


def _objects(vocabulary: Vocabulary, evidence: Evidence) -> list[tuple[int, float]]:
    people = ((PERSON, evidence.person_score),) if evidence.people else ()
    return [(vocabulary.first_object + row, score) for row, score in (*people, *evidence.objects)]


def _damping(look: Look) -> float:
    return max(_LEAST_DAMPED, 1 - _PAGE_DAMPING * look.page - _DRAWING_DAMPING * look.drawn)


def _rows(vocabulary: Vocabulary, scenes: list[tuple[str, float]]) -> list[tuple[int, float]]:
    return [(vocabulary.scene_row(scene), weight) for scene, weight in scenes]


def _colours(evidence: Evidence) -> list[tuple[str, float]]:
    colours = evidence.colours
    shares = [(f"{name} color", share * _COLOUR_WEIGHT) for name, share in colours.shares if share >= _COLOUR_SHARE]
    return [(f"plain {colours.shares[0][0]} background", 1.0), *shares] if colours.plain else shares


def _media(evidence: Evidence) -> list[tuple[str, float]]:
    """Weigh each medium by its probability, because a picture may fall between two media."""
    if evidence.colours.plain:
        return []
    probable = [(name, p) for name, p in evidence.look.media.items() if p >= _MIN_MEDIUM and name in MEDIA]
    return [(phrase, weight * p) for name, p in probable for phrase, weight in MEDIA[name].phrases]


def _scenes(evidence: Evidence) -> list[tuple[str, float]]:
    """Return weighted phrases for the named scenes and, to improve the ranking in searches, for less probable ones."""
    if evidence.colours.plain:
        return []
    possible = [(scene.phrase, scene.weight * p) for scene, p in possible_scenes(evidence.look)]
    return [*((scene.phrase, scene.weight) for scene, _ in find_scenes(evidence.look)), *possible]


def _people(evidence: Evidence) -> list[tuple[str, float]]:
    match evidence.people:
        case 0:
            return []
        case 1:
            return [("portrait of a person" if evidence.close_up else "one person", 0.7)]
        case 2:
            return [("two people", 0.8)]
        case few if few < 8:
            return [("group of people", 0.9)]
        case _:
            return [("group of people", 0.9), ("crowd of people", 0.9)]
