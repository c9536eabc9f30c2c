"""The input of the probe, a linear model that detects media and scenes, is compared with a hand calculation."""

import numpy as np
import pytest

from uploads.analysis.model_files import Floats
from uploads.analysis.probe import ProbeWeights


def test_input_is_scaled_features_and_standardised_statistics() -> None:
    def row(*numbers: float) -> Floats:
        return np.array(numbers, np.float32)

    unused = row(0)
    weights = ProbeWeights(row(10), row(2), row(0, 0, 1), unused, unused, unused, unused)

    found = weights.prepare(row(9, 16)[None], row(14)[None])

    # The square roots of 9 and 16 form a vector of length 5. Scaled to length 6, the vector is (3.6, 4.8).
    assert found[0].tolist() == pytest.approx([3.6, 4.8, (14 - 10) / 2 - 1])
