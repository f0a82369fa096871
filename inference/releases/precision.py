"""Whether a graph holds numbers of less than double precision."""

from typing import Any, Final

# onnx.proto, TensorProto.DataType: FLOAT, FLOAT16, BFLOAT16.
_LESS_THAN_DOUBLE: Final = frozenset({1, 10, 16})


def single_precision(graph: Any) -> str | None:
    """Return the first place of an `onnx.ModelProto` with such a number, None where there is none.

    torch.onnx stores a bare Python float as float32 even in a float64 graph.
    """
    for tensor in graph.graph.initializer:
        if tensor.data_type in _LESS_THAN_DOUBLE:
            return f"initializer {tensor.name}"
    for node in graph.graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t") and attribute.t.data_type in _LESS_THAN_DOUBLE:
                return f"constant in {node.name}"
            cast = node.op_type == "Cast" and attribute.name == "to"
            if cast and attribute.i in _LESS_THAN_DOUBLE:
                return f"cast in {node.name}"
    return None
