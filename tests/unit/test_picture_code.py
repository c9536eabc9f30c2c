"""Near duplicates are found by comparing picture codes, which are compact hashes of what pictures show."""

import io

import numpy as np
import pytest
from PIL import Image

from tests.support.images import SAMPLES
from uploads.analysis.classifier import Classifier
from uploads.analysis.picture_code import FEATURES, picture_code
from uploads.similar.codes import Codes
from uploads.similar.rules import candidates, is_near_duplicate

NAMES = ("astronaut", "chelsea", "coffee", "hubble_deep_field", "rocket")


def opened(name: str) -> Image.Image:
    return Image.open(SAMPLES / f"{name}.jpg").convert("RGB")


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier()


def code_of(image: Image.Image, classifier: Classifier) -> tuple[bytes, np.ndarray]:
    features = classifier.classify(image).features
    features = features / np.linalg.norm(features)
    return picture_code(image, tuple(features.tolist())), features


def test_smaller_copy_and_crop_are_near_duplicates_and_other_photos_are_not(classifier: Classifier) -> None:
    codes, features = zip(*(code_of(opened(name), classifier) for name in NAMES), strict=True)
    for number, name in enumerate(NAMES):
        photo, buffer = opened(name), io.BytesIO()
        photo.resize((photo.width // 2, photo.height // 2)).save(buffer, "JPEG", quality=60)
        margins = (photo.width * 3 // 100, photo.height * 3 // 100)
        crop = photo.crop((*margins, photo.width - margins[0], photo.height - margins[1]))
        for copy in (Image.open(buffer), crop):
            code, own = code_of(copy, classifier)
            near = {
                row
                for row, distance in candidates(code, Codes.read(b"".join(codes)))
                if is_near_duplicate(distance, float(own @ features[row]), pages=False)
            }
            assert near == {number}, name


def test_signs_estimate_the_angle_between_features() -> None:
    generator = np.random.default_rng(1)
    one, noise = generator.random((2, FEATURES))
    other = one + 0.4 * noise
    cosine = one @ other / np.linalg.norm(one) / np.linalg.norm(other)
    grey = Image.new("RGB", (9, 8))

    codes = [Codes.read(picture_code(grey, tuple(values.tolist()))) for values in (one, other)]

    differing = codes[0].sign_distances(codes[1], np.array([0]))[0]
    assert abs(differing / 256 - np.arccos(cosine) / np.pi) < 0.08


@pytest.mark.parametrize(
    ("distance", "cosine", "pages", "near"),
    [
        (4, 0.5, False, True),
        (5, 0.69, False, False),
        (12, 0.7, False, True),
        (22, 0.85, False, True),
        (23, 1.0, False, False),
        (4, 0.89, True, False),
        (4, 0.9, True, True),
        (4, None, False, True),
        (5, None, False, False),
        (0, None, True, False),
    ],
)
def test_near_duplicates_follow_the_thresholds(distance: int, cosine: float | None, pages: bool, near: bool) -> None:
    assert is_near_duplicate(distance, cosine, pages=pages) is near
