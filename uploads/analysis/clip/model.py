"""Run one of a model's two networks."""

from typing import Any

import numpy as np
import numpy.typing as npt

from uploads.analysis.clip.folder import ClipFolder, unusable
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
    """A network that returns vectors. Thread-safe. The constructor raises EnvironmentalError `clip.folder`."""

    def __init__(self, folder: ClipFolder, name: str) -> None:
        try:
            self._session = open_session(folder.path / name)
        except Exception as error:
            raise unusable(f"{folder.path.name}/{name} cannot be loaded") from error
        self.inputs = {entry.name: _TYPES[entry.type] for entry in self._session.get_inputs()}

    def run(self, first: npt.NDArray[Any], **others: npt.NDArray[Any]) -> Floats:
        """Return the vector, of unit length. `first` is the first input; `others` are passed if the model has them."""
        names = iter(self.inputs)
        feed = {next(names): first} | {name: others[name] for name in names}
        arrays = self._session.run(None, {name: value.astype(self.inputs[name]) for name, value in feed.items()})
        return np.array(normalize(arrays[0][0]), np.float32)


def normalize(vector: npt.NDArray[Any]) -> tuple[float, ...]:
    """Return a vector of unit length. Raises TransientError `analysis.answer` if it has no direction."""
    length = float(np.linalg.norm(vector))
    if not 0 < length < np.inf:
        raise TransientError("analysis.answer")
    return tuple((vector / length).astype(float).tolist())
