"""Every model built again from torch is the model that is served (make test-models)."""

import hashlib
import json
import subprocess
import sys

import numpy as np
import pytest

from inference import folders
from inference.engine import Engine
from inference.registry import ModelRegistry

pytestmark = pytest.mark.train


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rebuilt")
    subprocess.run([sys.executable, "-m", "inference.build", "--into", folder], check=True)
    return folder


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", list(folders.names()))
def test_the_same_sources_write_the_same_bytes(rebuilt, name):
    committed = folders.path(name) / folders.GRAPH
    assert (rebuilt / name / folders.GRAPH).read_bytes() == committed.read_bytes()
    manifest = json.loads((rebuilt / name / folders.MANIFEST).read_text(encoding="utf-8"))
    assert manifest == json.loads((folders.path(name) / folders.MANIFEST).read_text())
    assert manifest["files"].keys() == {
        "definition.json",
        folders.ATTRIBUTES,
        folders.GOLDEN,
        folders.GRAPH,
    }
    assert manifest["files"][folders.GRAPH] == hashlib.sha256(committed.read_bytes()).hexdigest()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("model", list(ModelRegistry.discover()), ids=lambda m: m.definition.id)
def test_the_rebuilt_graph_gives_the_same_figures(rebuilt, model):
    name = next(n for n in folders.names() if folders.definition(n) is model.definition)
    scales = [scale.id for scale in model.definition.scales]
    again = Engine((rebuilt / name / folders.GRAPH).read_bytes(), scales=scales)
    generator = np.random.default_rng(20260101)
    columns = [
        generator.integers(int(spec.low), int(spec.high) + 1, 500).astype(float)
        if is_counted(spec)
        else generator.uniform(max(spec.low, 0.1), spec.high, 500)
        for spec in model.definition.inputs
    ]
    rows = np.column_stack(columns)
    first, second = model.engine.run(rows), again.run(rows)
    assert np.isfinite(first.estimate).all()
    assert np.abs(first.estimate - second.estimate).max() <= 1e-9
    assert np.abs(first.contributions - second.contributions).max() <= 1e-9


def is_counted(spec) -> bool:
    """Whether an input takes whole numbers only: a flag, a region, a decile, a grade."""
    return spec.unit == "1" or spec.unit.startswith("{")


@pytest.mark.filterwarnings("ignore")
def test_a_torch_module_and_its_graph_agree():
    import importlib

    import torch

    for name in folders.names():
        module = importlib.import_module(f"inference.models.{name}.build").module()
        definition = folders.definition(name)
        row = [[float(round((s.low + s.high) / 2)) if is_counted(s) else (s.low + s.high) / 2
                for s in definition.inputs]]  # fmt: skip
        with torch.no_grad():
            estimate = module(torch.tensor(row, dtype=torch.float64))[0].numpy()
        loaded = next(m for m in ModelRegistry.discover() if m.definition is definition)
        found = loaded.engine.run(np.array(row, dtype=np.float64)).estimate
        assert np.isfinite(found).all(), name
        assert found == pytest.approx(estimate, rel=1e-13)


@pytest.mark.filterwarnings("ignore")
def test_a_number_in_single_precision_is_refused():
    import onnx
    from onnx import TensorProto, helper

    from inference.build import NotDoublePrecision, refuse_single_precision

    value = helper.make_tensor("c", TensorProto.FLOAT, [1], [0.01])
    x = helper.make_tensor_value_info("x", TensorProto.DOUBLE, [1])
    y = helper.make_tensor_value_info("y", TensorProto.DOUBLE, [1])
    cast = helper.make_node("Cast", ["c"], ["d"], to=TensorProto.DOUBLE)
    add = helper.make_node("Add", ["x", "d"], ["y"])
    graph = helper.make_graph([cast, add], "g", [x], [y], initializer=[value])
    with pytest.raises(NotDoublePrecision):
        refuse_single_precision(onnx.helper.make_model(graph))
