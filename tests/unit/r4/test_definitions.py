"""The committed table is R4 4.0.1, whole, and nothing else."""

import gzip
from importlib.resources import files

import pytest

from fhir_server.r4.definitions import Element, definitions
from fhir_server.r4.primitives import PRIMITIVES
from fhir_server.r4.resource_types import RESOURCE_TYPES, STORED_TYPES
from fhir_server.r4.structure import structure


def _element(owner: str, name: str) -> Element:
    return next(e for e in definitions().elements(owner) if e.name == name)


def test_resource_types_are_those_of_the_table() -> None:
    assert definitions().fhir_version == "4.0.1"
    assert definitions().resource_types == RESOURCE_TYPES
    assert len(RESOURCE_TYPES) == 146
    assert set(STORED_TYPES) == RESOURCE_TYPES


def test_every_type_that_is_named_exists() -> None:
    table = definitions()
    named = {t for name in table.names for e in table.elements(name) for t in e.types}
    assert named - table.names - set(PRIMITIVES) == {"Resource"}
    targets = {t for name in table.names for e in table.elements(name) for t in e.targets or ()}
    assert targets <= RESOURCE_TYPES


def test_every_structure_compiles() -> None:
    for name in definitions().names:
        compiled = structure(name)
        compiled.compile()
        assert "id" in compiled.keys


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        # Elements of R5 or of one vendor that circulate as R4 (see the build script).
        ("Meta", "project"),
        ("Meta", "accounts"),
        ("Binary", "url"),
        ("ResearchStudy", "label"),
        ("EvidenceVariable.characteristic", "linkId"),
        ("ObservationDefinition", "publisher"),
    ],
)
def test_what_is_not_r4_is_not_there(owner: str, name: str) -> None:
    assert name not in {element.name for element in definitions().elements(owner)}


def test_an_element_as_published() -> None:
    status = _element("Observation", "status")
    assert (status.min, status.many, status.types) == (1, False, ("code",))
    codes = definitions().value_sets[status.binding or ""]
    assert codes == {
        "http://hl7.org/fhir/observation-status": {
            "registered", "preliminary", "final", "amended", "corrected", "cancelled",
            "entered-in-error", "unknown",
        }
    }  # fmt: skip
    assert _element("Observation", "subject").targets == ("Device", "Group", "Location", "Patient")
    assert _element("Observation.component", "referenceRange").types == (
        "Observation.referenceRange",
    )
    assert _element("Quantity", "comparator").types == ("code",)


def test_a_choice_has_one_json_name_for_each_type() -> None:
    names = definitions().json_names(_element("Dosage.doseAndRate", "dose[x]"))
    assert names == {"doseRange": "Range", "doseQuantity": "SimpleQuantity"}


def test_table_is_small() -> None:
    packed = files("fhir_server.r4").joinpath("data/r4_structures.json.gz").read_bytes()
    assert len(packed) < 400_000
    assert gzip.decompress(packed).startswith(b'{"fhirVersion":"4.0.1"')
