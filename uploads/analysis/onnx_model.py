"""Run networks with ONNX Runtime.

Loading the runtime takes time and memory, so only processes that run networks import this module.
"""

from pathlib import Path
from typing import Any

import numpy.typing as npt
import onnxruntime

from uploads.analysis.model_files import FOLDER, Floats, read_weights
from uploads.freed_memory import return_freed_memory


def open_session(path: Path, *, keep_buffers: bool = False) -> Any:
    """Load an ONNX model that runs on the calling thread; all threads of a process can share it.

    Each run uses only one thread, because the runtime's own threads spin while they wait and double the CPU time.
    Instead, the workers process several pictures in parallel. `keep_buffers` keeps the memory of a run for the next
    run. This is faster, but suits only small networks whose inputs have similar sizes.

    Raises the runtime's errors.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = keep_buffers
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return_freed_memory()  # loading leaves more free memory in the heap than the model needs
    return session


class OnnxModel:
    """An ONNX model that ships with the program; see open_session(). The constructor raises read_weights()'s errors."""

    def __init__(self, name: str) -> None:
        read_weights(name)
        # Pass the path rather than the verified bytes, because the runtime would keep a copy of the bytes in memory.
        self._session = open_session(FOLDER / name, keep_buffers=True)
        self._inputs = [entry.name for entry in self._session.get_inputs()]

    def run(self, outputs: list[str], *inputs: npt.NDArray[Any]) -> list[Floats]:
        """Run the model and return the arrays named in `outputs`. Pass `inputs` in the model's order."""
        feed = dict(zip(self._inputs, inputs, strict=True))
        arrays: list[Floats] = self._session.run(outputs, feed)
        return arrays
