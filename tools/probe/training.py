"""Fit the probe's linear models with Adam (Kingma and Ba 2014, arXiv:1412.6980), and cross-validate them."""

import io
from dataclasses import fields

import numpy as np

from tools.probe.pool import UNLABELLED, Pool
from uploads.analysis.model_files import Floats
from uploads.analysis.probe import MEDIA, SCENES, ProbeWeights
from uploads.analysis.scene_rules import SCENES as RULES

_STEPS, _RATE, _DECAY = 400, 0.03, 2e-3
_FOLDS = 5
# Packages with more pictures than this are split between folds.
_LARGE_SOURCE = 60


def train(pool: Pool, rows: np.ndarray | None = None) -> ProbeWeights:
    """Train the probe on the pictures in `rows` (default: all). Rare media and scenes have higher weights."""
    chosen = np.arange(len(pool.media)) if rows is None else rows
    statistics = pool.statistics[chosen]
    mean, deviation = statistics.mean(axis=0), statistics.std(axis=0) + 1e-6
    blank = ProbeWeights(mean, deviation, *[np.zeros(1, np.float32)] * 5)
    inputs = blank.prepare(pool.features[chosen], statistics)
    centre = inputs.mean(axis=0)
    media, scenes = targets(pool)
    media, scenes = media[chosen], scenes[chosen]
    counts = media.sum(axis=0)
    balance = (media @ (len(chosen) / len(MEDIA) / np.maximum(counts, 1)) ** 0.7)[:, None]
    labelled = _labelled(pool)[chosen]
    scenes = scenes[labelled]
    rare = np.where(scenes > 0, (len(scenes) / np.maximum(scenes.sum(axis=0), 1) / 6) ** 0.6, 1)
    return ProbeWeights(
        mean, deviation, centre,
        *_fit(inputs - centre, media, balance, softmax=True),
        *_fit((inputs - centre)[labelled], scenes, rare, softmax=False),
    )  # fmt: skip


def pack(weights: ProbeWeights) -> bytes:
    """Return the content of probe.npz: the arrays in half precision."""
    packed = io.BytesIO()
    np.savez(packed, **{field.name: getattr(weights, field.name).astype(np.float16) for field in fields(weights)})
    return packed.getvalue()


def report(pool: Pool) -> str:
    """Return the result of the cross-validation: accuracy for media, and precision and recall for each scene."""
    found_media, found_scenes = cross_validate(pool)
    media, scenes = targets(pool)
    labelled = _labelled(pool)
    lines = [f"{len(media)} pictures, accuracy of the medium {(found_media.argmax(1) == media.argmax(1)).mean():.2f}"]
    for column, name in enumerate(SCENES):
        said, true = found_scenes[labelled, column] >= RULES[name].minimum, scenes[labelled, column] > 0
        precision, recall = (float((said & true).sum() / max(1, total.sum())) for total in (said, true))
        lines.append(f"{name:11} {int(true.sum()):4} pictures, precision {precision:.2f}, recall {recall:.2f}")
    return "\n".join(lines)


def targets(pool: Pool) -> tuple[Floats, Floats]:
    """Return two matrices of zeros and ones with one row per picture: one matrix for media, one for scenes."""
    media = np.array([[medium == name for name in MEDIA] for medium in pool.media], np.float32)
    return media, np.array([[name in scenes for name in SCENES] for scenes in pool.scenes], np.float32)


def _labelled(pool: Pool) -> np.ndarray:
    return np.array([UNLABELLED not in scenes for scenes in pool.scenes])


def predict(weights: ProbeWeights, features: Floats, statistics: Floats) -> tuple[Floats, Floats]:
    inputs = weights.prepare(features, statistics)
    return (
        _softmax(inputs @ weights.media + weights.media_bias),
        _sigmoid(inputs @ weights.scenes + weights.scenes_bias),
    )


def cross_validate(pool: Pool) -> tuple[Floats, Floats]:
    """Return the probabilities of media and scenes for each picture, by five-fold cross-validation.

    Each picture is judged by a probe that was trained on the other folds. All pictures of a small package are in the
    same fold. Large packages are split, but a picture and its crops always stay together.
    """
    folds = _folds(pool)
    media, scenes = np.zeros((len(folds), len(MEDIA)), np.float32), np.zeros((len(folds), len(SCENES)), np.float32)
    for fold in range(_FOLDS):
        weights = train(pool, np.flatnonzero(folds != fold))
        out = folds == fold
        media[out], scenes[out] = predict(weights, pool.features[out], pool.statistics[out])
    return media, scenes


def _folds(pool: Pool) -> np.ndarray:
    packages = ["/".join(source.split("/")[: 2 if source.startswith("@") else 1]) for source in pool.sources]
    sizes = {package: packages.count(package) for package in set(packages)}
    groups = [
        source if sizes[package] > _LARGE_SOURCE else package
        for source, package in zip(pool.sources, packages, strict=True)
    ]
    names = sorted(set(groups))
    fold = dict(zip(names, np.random.default_rng(0).integers(0, _FOLDS, len(names)), strict=True))
    return np.array([fold[group] for group in groups])


def _fit(inputs: Floats, targets: Floats, weights: Floats, *, softmax: bool) -> tuple[Floats, Floats]:
    """Return the matrix and the bias that minimise the weighted cross entropy with L2 regularisation."""
    count, width = inputs.shape
    found = np.zeros((width + 1, targets.shape[1]))
    first, second = np.zeros_like(found), np.zeros_like(found)
    for step in range(1, _STEPS + 1):
        scores = inputs @ found[:-1] + found[-1]
        errors = ((_softmax if softmax else _sigmoid)(scores) - targets) * weights / count
        gradient = np.vstack([inputs.T @ errors + _DECAY * found[:-1], errors.sum(axis=0)])
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        found -= _RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    return found[:-1].astype(np.float32), found[-1].astype(np.float32)


def _softmax(scores: Floats) -> Floats:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=1, keepdims=True)
    return shares


def _sigmoid(scores: Floats) -> Floats:
    shares: Floats = 1 / (1 + np.exp(-scores))
    return shares
