"""ONNX Runtime behind one call: a float64 matrix in, the model's outputs out."""

from collections.abc import Sequence

import msgspec
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as runtime_errors

Matrix = NDArray[np.float64]

_RUNTIME_ERRORS = (
    runtime_errors.Fail,
    runtime_errors.InvalidArgument,
    runtime_errors.RuntimeException,
    runtime_errors.EngineError,
    runtime_errors.NotImplemented,
)
_LOADING_ERRORS = (
    *_RUNTIME_ERRORS,
    runtime_errors.InvalidGraph,
    runtime_errors.InvalidProtobuf,
    runtime_errors.NoSuchFile,
    runtime_errors.NoModel,
)


class GraphFailed(RuntimeError):
    """The graph gave no number where there should be one."""


class GraphRefused(ValueError):
    """The bytes are no graph that the runtime can load."""


class GraphOutput(msgspec.Struct, frozen=True):
    """What a graph computed for n rows, m outcomes and k inputs.

    `estimate` and `base` are [n, m], `contributions` [n, m, k]; each of `categories` is [n] with
    -1 where the category is not known. NaN in `estimate` means: not computed for want of an input.
    """

    estimate: Matrix
    base: Matrix
    contributions: Matrix
    categories: dict[str, NDArray[np.int64]]

    def rows(self, start: int, stop: int | None = None) -> "GraphOutput":
        """Return the outputs of a run of rows."""
        part = slice(start, stop)
        categories = {scale: steps[part] for scale, steps in self.categories.items()}
        return GraphOutput(
            self.estimate[part], self.base[part], self.contributions[part], categories
        )


class Engine:
    """One loaded graph; `run` is safe to call from several threads."""

    def __init__(self, graph: bytes, *, scales: Sequence[str]) -> None:
        options = ort.SessionOptions()
        # One row of a published equation is microseconds of work: threads and spinning cost more.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # What was verified is what runs: a graph this small gains nothing from being rewritten, nor
        # from an arena of its own.
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 3
        try:
            self._session = ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        except _LOADING_ERRORS as error:
            raise GraphRefused(str(error)) from error
        self._scales = tuple(scales)
        self._outputs = ["estimate", "base", "contributions", *self._scales]

    def run(self, rows: Matrix) -> GraphOutput:
        """Compute all outputs for float64 `rows` [n, k]; `GraphFailed` where the runtime cannot."""
        try:
            found = self._session.run(self._outputs, {"x": rows})
        except _RUNTIME_ERRORS as error:
            raise GraphFailed(str(error)) from error
        estimate, base, contributions, *categories = found
        return GraphOutput(
            estimate, base, contributions, dict(zip(self._scales, categories, strict=True))
        )

    def score(self, rows: Matrix) -> tuple[Matrix, dict[str, NDArray[np.int64]]]:
        """Compute estimates and categories only, for many rows; `GraphFailed` as `run`."""
        try:
            estimate, *categories = self._session.run(["estimate", *self._scales], {"x": rows})
        except _RUNTIME_ERRORS as error:
            raise GraphFailed(str(error)) from error
        return estimate, dict(zip(self._scales, categories, strict=True))
