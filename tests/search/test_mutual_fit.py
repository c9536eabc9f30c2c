"""Pictures that are similar to most of a library are listed only where they fit better than usual."""

import numpy as np
import numpy.typing as npt
import pytest
from django.contrib.auth.models import User

from tests.support.batches import make_upload
from tests.support.users import make_user
from uploads.analysis.picture_code import FEATURES
from uploads.models import Appearance, Embedding
from uploads.similar import mutual_fit
from uploads.similar.mutual_fit import mutual_fits

MODEL = "test"


def units(count: int, length: int) -> npt.NDArray[np.float32]:
    """Return unit vectors that are more similar to each other than random ones."""
    rows = np.random.default_rng(count).normal(0.3, 1, (count, length))
    unit: npt.NDArray[np.float32] = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


@pytest.fixture
def anna(db: None) -> User:
    return make_user("anna")


def fill(owner: User, count: int) -> tuple[list[int], dict[tuple[int, int], float]]:
    """Create pictures. Return their ids, and the fits of all pairs."""
    vectors, features = units(count, 8), units(count, FEATURES)
    ids = [make_upload(owner, number + 1).id for number in range(count)]
    for id, vector, look in zip(ids, vectors, features, strict=True):
        Embedding.objects.create(upload_id=id, owner=owner, model=MODEL, vector=vector.tolist())
        Appearance.objects.create(upload_id=id, owner=owner, code=b"", features=look.tolist())
    fits = vectors @ vectors.T + features @ features.T
    return ids, {(one, two): float(fits[i, j]) for i, one in enumerate(ids) for j, two in enumerate(ids)}


def test_fits_are_in_standard_deviations_above_the_mean_of_both_pictures(anna: User) -> None:
    ids, fits = fill(anna, 24)
    first, *others = ids
    make_user("ben")

    found = mutual_fits(anna.id, first, MODEL, {id: fits[first, id] for id in others[:5]}, others)

    usual = {one: [fits[one, two] for two in ids if two != one] for one in ids}
    scaled = {one: (np.mean(values), np.std(values)) for one, values in usual.items()}
    for id in others[:5]:
        expected = sum((fits[first, id] - scaled[one][0]) / scaled[one][1] for one in (first, id))
        assert found[id] == pytest.approx(expected, abs=0.02)
    assert found.keys() == set(others[:5])


def test_fits_are_compared_with_a_sample_of_many_candidates(anna: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutual_fit, "SAMPLE", 10)
    monkeypatch.setattr(mutual_fit, "LEAST_SAMPLE", 5)
    ids, fits = fill(anna, 25)

    found = mutual_fits(anna.id, ids[0], MODEL, {ids[1]: fits[ids[0], ids[1]]}, ids[1:])

    sample = [ids[0], *ids[1::3]]
    usual = [[fits[one, two] for two in sample if two != one] for one in ids[:2]]
    expected = sum((fits[ids[0], ids[1]] - np.mean(values)) / np.std(values) for values in usual)
    assert found == {ids[1]: pytest.approx(expected, abs=0.02)}


def test_few_pictures_and_pictures_of_others_are_not_compared(anna: User) -> None:
    ids, fits = fill(anna, 24)
    few = {id: fits[ids[0], id] for id in ids[1:5]}

    assert mutual_fits(anna.id, ids[0], MODEL, few, ids[1:5]) == {}
    assert mutual_fits(make_user("ben").id, ids[0], MODEL, few, ids[1:]) == {}
    assert mutual_fits(anna.id, ids[0], "other", few, ids[1:]) == {}
    assert mutual_fits(anna.id, ids[0], MODEL, {}, []) == {}
