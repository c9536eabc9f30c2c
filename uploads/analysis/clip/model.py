"""Run one of a model's two networks."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from uploads.analysis.clip.folder import CONFIG, ClipFolder, unusable
from uploads.analysis.model_files import Floats
from uploads.analysis.onnx_model import open_session
from uploads.errors import TransientError

_TYPES = {
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
}


class ClipModel:
    """A network that returns vectors. Thread-safe.

    The constructor runs the network once, to check it. `first` is the value of the network's first input, whose name
    differs between models. `others` are the values of the other inputs, keyed by name; names that the network does not
    have are ignored. Raises EnvironmentalError `clip.folder`.
    """

    def __init__(self, folder: ClipFolder, name: str, first: npt.NDArray[Any], **others: npt.NDArray[Any]) -> None:
        self._file, self._dimensions = f"{folder.path.name}/{name}", folder.dimensions
        try:
            self._session = open_session(folder.path / name)
        except Exception as error:
            raise unusable(f"{self._file} cannot be loaded") from error
        self._inputs = {entry.name: entry.type for entry in self._session.get_inputs()}
        if foreign := [entry for entry in list(self._inputs)[1:] if entry not in others]:
            raise unusable(f"{self._file} has the unknown input {foreign[0]}")
        if unknown := sorted(set(self._inputs.values()) - _TYPES.keys()):
            raise unusable(f"{self._file} has inputs of the type {', '.join(unknown)}")
        self._run(first, others)

    def run(self, first: npt.NDArray[Any], **others: npt.NDArray[Any]) -> Floats:
        """Return the unit vector for inputs like those passed to the constructor.

        Raises EnvironmentalError `clip.folder`, and TransientError `analysis.answer` if the vector's length is zero or
        not finite.
        """
        return np.array(normalize(self._run(first, others)), np.float32)

    def _run(self, first: npt.NDArray[Any], others: Mapping[str, npt.NDArray[Any]]) -> npt.NDArray[Any]:
        names = iter(self._inputs)
        feed = {next(names): first} | {name: others[name] for name in names}
        try:
            typed = {name: value.astype(_TYPES[self._inputs[name]]) for name, value in feed.items()}
            arrays = self._session.run(None, typed)
        except Exception as error:
            raise unusable(f"{self._file} cannot be run with the inputs of a CLIP model") from error
        if np.shape(arrays[0]) != (1, self._dimensions):
            raise unusable(f"{self._file} does not return vectors with the embed_dim of {CONFIG}")
        vector: npt.NDArray[Any] = arrays[0][0]
        return vector


def normalize(vector: npt.NDArray[Any]) -> tuple[float, ...]:
    """Scale a vector to unit length. Raises TransientError `analysis.answer` if its length is zero or not finite."""
    length = float(np.linalg.norm(vector))
    if not 0 < length < np.inf:
        raise TransientError("analysis.answer")
    return tuple((vector / length).astype(float).tolist())
