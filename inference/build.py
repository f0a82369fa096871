"""Build the ONNX graph of every model folder: `python -m inference.build [--into FOLDER]`.

Needs the `train` extra. The graph is stripped of everything that depends on the machine it was
built on, so that the same sources and the same torch write the same bytes.
"""

import argparse
import importlib
import logging
import sys
import warnings
from pathlib import Path

import onnx
import torch

from inference import folders
from inference.releases import attributes_json, definition_json, manifest
from inference.releases.precision import single_precision

OPSET = 20


class NotDoublePrecision(RuntimeError):
    """The graph holds a number of less than double precision."""


def export(name: str) -> bytes:
    """Return the serialized graph of the model folder `name`."""
    build = importlib.import_module(f"inference.models.{name}.build")
    columns = len(folders.definition(name).inputs)
    sample = torch.ones((2, columns), dtype=torch.float64)
    program = torch.onnx.export(
        build.module().eval(),
        (sample,),
        input_names=["x"],
        output_names=list(build.OUTPUTS),
        dynamic_shapes={"x": {0: torch.export.Dim("n", min=1)}},
        opset_version=OPSET,
        dynamo=True,
        verbose=False,
    )
    if program is None:
        raise RuntimeError(f"torch returned no program for {name}")
    graph = program.model_proto
    _strip(graph)
    refuse_single_precision(graph)
    onnx.checker.check_model(graph, full_check=True)
    return bytes(graph.SerializeToString(deterministic=True))


def refuse_single_precision(graph: onnx.ModelProto) -> None:
    """Raise `NotDoublePrecision` where a published equation would lose digits.

    torch.onnx stores a bare Python float as float32 even in a float64 graph.
    """
    fault = single_precision(graph)
    if fault is not None:
        raise NotDoublePrecision(fault)


def _strip(graph: onnx.ModelProto) -> None:
    """Remove names of files, stack traces and versions that do not change the result."""
    graph.producer_version = ""
    del graph.metadata_props[:]
    graph.doc_string = graph.graph.doc_string = ""
    del graph.graph.metadata_props[:]
    for node in graph.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    for value in [*graph.graph.input, *graph.graph.output, *graph.graph.value_info]:
        value.doc_string = ""
        del value.metadata_props[:]


def attributes(name: str) -> bytes:
    """Return `attributes.json` of the model folder `name`."""
    found = importlib.import_module(f"inference.models.{name}.attributes").ATTRIBUTES
    return attributes_json.encode(found)


def build_all(into: Path | None = None) -> None:
    """Write graph, attributes and manifest of every model, into its folder or below `into`."""
    for name in folders.names():
        graph = export(name)
        target = into / name if into else folders.path(name)
        target.mkdir(parents=True, exist_ok=True)
        (target / folders.GRAPH).write_bytes(graph)
        (target / folders.ATTRIBUTES).write_bytes(written := attributes(name))
        definition = folders.definition(name)
        files = {
            manifest.ATTRIBUTES: written,
            manifest.DEFINITION: definition_json.encode(definition),
            manifest.GOLDEN: (folders.path(name) / folders.GOLDEN).read_bytes(),
            manifest.GRAPH: graph,
        }
        found = manifest.describe(definition.id, definition.version, files)
        (target / folders.MANIFEST).write_bytes(found.render())
        sys.stdout.write(f"{definition.id} {definition.version}: {len(graph)} bytes\n")


def main() -> None:
    """Build every model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, help="write below this folder instead")
    arguments = parser.parse_args()
    # torch's exporter reports packages that these graphs do not use.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", category=FutureWarning)
    build_all(arguments.into)


if __name__ == "__main__":
    main()
