"""Compare picture codes; see uploads/analysis/picture_code.py. Pure functions; the image libraries are not loaded."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

WORDS = 5


@dataclass(frozen=True, slots=True)
class Codes:
    """The codes of some pictures: `hashes` has shape (pictures,), and `signs` (pictures, 4)."""

    hashes: npt.NDArray[np.uint64]
    signs: npt.NDArray[np.uint64]

    @classmethod
    def read(cls, codes: bytes) -> "Codes":
        """Read concatenated codes, each 40 bytes long."""
        words = np.frombuffer(codes, np.uint64).reshape(-1, WORDS)
        return cls(words[:, 0].copy(), words[:, 1:].copy())

    def hash_distances(self, one: "Codes") -> npt.NDArray[np.uint8]:
        """Return the number of hash bits in which each picture differs from the single code in `one`."""
        distances: npt.NDArray[np.uint8] = np.bitwise_count(self.hashes ^ one.hashes)
        return distances

    def sign_distances(self, one: "Codes", rows: npt.NDArray[np.intp]) -> npt.NDArray[np.uint64]:
        """Return the number of signs in which each picture in `rows` differs from the single code in `one`."""
        distances: npt.NDArray[np.uint64] = np.bitwise_count(self.signs[rows] ^ one.signs).sum(axis=1)
        return distances
