"""A definition as JSON: read back the same, and nothing else is taken for one."""

import json
from dataclasses import replace

import pytest

from inference import folders
from inference.registry import ModelRefused
from inference.releases import definition_json

every_definition = pytest.mark.parametrize("name", list(folders.names()))


@every_definition
def test_every_shipped_definition_is_read_back_the_same(name):
    definition = folders.definition(name)
    written = definition_json.encode(definition)
    assert definition_json.decode(written, where="x") == definition
    assert definition_json.encode(definition_json.decode(written, where="x")) == written


def changed(**fields) -> bytes:
    document = json.loads(definition_json.encode(folders.definition("china_par")))
    return json.dumps(document | fields, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


@pytest.mark.parametrize(
    "written",
    [
        changed(calibrated=True),
        changed(version=1),
        changed(speaks=None),
        changed(task_class="oracle"),
        changed(inputs=[]).replace(b'"inputs":[]', b'"inputs":[],"inputs":[]'),
        changed() + b"\n",
        b" " + changed(),
        b"{}",
        b"\xff",
        b"",
    ],
)
def test_what_the_contract_does_not_write_is_refused(written):
    with pytest.raises(ModelRefused, match=r"^x: "):
        definition_json.decode(written, where="x")


def test_a_number_that_is_none_is_refused():
    definition = folders.definition("china_par")
    spec = replace(definition.inputs[2], high=float("inf"))
    with pytest.raises(ModelRefused, match="inf"):
        definition_json.encode(replace(definition, inputs=(spec,)))
