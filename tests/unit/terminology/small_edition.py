"""Some forty concepts as SNOMED CT has them: lung and heart disorders, two drugs, their metadata.

The identifiers are SNOMED CT's, what is said of them is simplified: it stands for no release.
"""

from collections.abc import Iterable

from tests.support.ecl_edition import (
    ACCEPTABLE,
    CORE,
    GB,
    PREFERRED,
    SYNONYM,
    US,
    AttributeFact,
    Code,
    ConceptFact,
    Edition,
    RowFact,
    TextFact,
    Value,
)

FSN = "900000000000003001"
ROOT = "138875005"
# identifier, name, what stands above it
_TREE = [
    (ROOT, "root", ""),
    ("404684003", "finding", "root"),
    ("64572001", "disease", "finding"),
    ("19829001", "lung disorder", "disease"),
    ("301867009", "trunk edema", "disease"),
    ("19242006", "pulmonary edema", "lung disorder, trunk edema"),
    ("233709006", "toxic pulmonary edema", "pulmonary edema"),
    ("233604007", "pneumonia", "lung disorder"),
    ("195967001", "asthma", "lung disorder"),
    ("56265001", "heart disease", "disease"),
    ("22298006", "myocardial infarction", "heart disease"),
    ("86299006", "tetralogy of Fallot", "heart disease"),
    ("85898001", "cardiomyopathy", "heart disease"),
    ("91723000", "structure", "root"),
    ("39607008", "lung", "structure"),
    ("74281007", "myocardium", "structure"),
    ("39057004", "pulmonary valve", "structure"),
    ("53085002", "right ventricle", "structure"),
    ("49755003", "morphology", "root"),
    ("79654002", "edema", "morphology"),
    ("40829002", "acute edema", "edema"),
    ("55641003", "infarct", "morphology"),
    ("415582006", "stenosis", "morphology"),
    ("56246009", "hypertrophy", "morphology"),
    ("105590001", "substance", "root"),
    ("387517004", "paracetamol", "substance"),
    ("387494007", "codeine", "substance"),
    ("373873005", "product", "root"),
    ("322236009", "paracetamol 500 mg tablet", "product"),
    ("322280009", "paracetamol and codeine", "product"),
    ("385055001", "tablet", "root"),
    ("258684004", "mg", "root"),
    ("410662002", "attribute", "root"),
    ("363698007", "finding site", "attribute"),
    ("116676008", "morphology of", "attribute"),
    ("47429007", "associated with", "attribute"),
    ("42752001", "due to", "associated with"),
    ("127489000", "ingredient", "attribute"),
    ("411116001", "dose form", "attribute"),
    ("1142135004", "strength", "attribute"),
    ("732945000", "strength unit", "attribute"),
    ("774158006", "product name", "attribute"),
    ("859999999102", "in benefit scheme", "attribute"),
    ("900000000000441003", "metadata", "root"),
    ("900000000000455006", "refset", "metadata"),
    ("700043003", "problem list", "refset"),
    ("447562003", "ICD-10 map", "refset"),
    ("734138000", "empty refset", "refset"),
    ("900000000000522004", "associations", "refset"),
    ("900000000000527005", "SAME AS", "associations"),
    ("900000000000528000", "WAS A", "associations"),
    (US, "US English", "refset"),
    (GB, "GB English", "refset"),
    (SYNONYM, "synonym", "metadata"),
    (FSN, "FSN", "metadata"),
    ("900000000000074008", "primitive", "metadata"),
    ("900000000000073002", "defined", "metadata"),
    (CORE, "core module", "metadata"),
    ("731000124108", "US module", "metadata"),
]
_INACTIVE = [
    ("67415000", "hay asthma"),
    ("170644007", "mild asthma"),
]
CODES = {name: code for code, name, _ in _TREE} | {name: code for code, name in _INACTIVE}
NAMES = {code: name for name, code in CODES.items()}
_DEFINED = {"pulmonary edema", "toxic pulmonary edema", "myocardial infarction"}


def _concepts() -> Iterable[ConceptFact]:
    for code, name, above in _TREE:
        yield ConceptFact(
            code,
            tuple(CODES[each] for each in above.split(", ") if each),
            is_defined=name in _DEFINED,
            module=CODES["US module"] if name == "cardiomyopathy" else CORE,
            time=0 if name == "cardiomyopathy" else 20210131 if name == "asthma" else 20020131,
        )
    for code, _ in _INACTIVE:
        yield ConceptFact(code, is_active=False)


def attribute(source: str, group: int, type_: str, value: str | float | bool) -> AttributeFact:
    """One attribute, by names; a text in quotation marks is a concrete value."""
    held: Value = value
    if isinstance(value, str):
        held = value.strip('"') if value.startswith('"') else Code(CODES[value])
    return AttributeFact(CODES[source], group, CODES[type_], held)


_ATTRIBUTES = (
    attribute("pulmonary edema", 1, "finding site", "lung"),
    attribute("pulmonary edema", 1, "morphology of", "edema"),
    attribute("toxic pulmonary edema", 1, "finding site", "lung"),
    attribute("toxic pulmonary edema", 1, "morphology of", "acute edema"),
    attribute("trunk edema", 0, "morphology of", "edema"),
    attribute("pneumonia", 1, "finding site", "lung"),
    attribute("myocardial infarction", 1, "finding site", "myocardium"),
    attribute("myocardial infarction", 1, "morphology of", "infarct"),
    attribute("cardiomyopathy", 0, "due to", "myocardial infarction"),
    attribute("cardiomyopathy", 0, "finding site", "myocardium"),
    attribute("tetralogy of Fallot", 1, "finding site", "pulmonary valve"),
    attribute("tetralogy of Fallot", 1, "morphology of", "stenosis"),
    attribute("tetralogy of Fallot", 2, "finding site", "right ventricle"),
    attribute("tetralogy of Fallot", 2, "morphology of", "hypertrophy"),
    attribute("paracetamol 500 mg tablet", 0, "dose form", "tablet"),
    attribute("paracetamol 500 mg tablet", 1, "ingredient", "paracetamol"),
    attribute("paracetamol 500 mg tablet", 1, "strength", 500.0),
    attribute("paracetamol 500 mg tablet", 1, "strength unit", "mg"),
    attribute("paracetamol 500 mg tablet", 0, "product name", '"PANADOL"'),
    attribute("paracetamol 500 mg tablet", 0, "in benefit scheme", True),
    attribute("paracetamol and codeine", 0, "dose form", "tablet"),
    attribute("paracetamol and codeine", 1, "ingredient", "paracetamol"),
    attribute("paracetamol and codeine", 1, "strength", 500.0),
    attribute("paracetamol and codeine", 2, "ingredient", "codeine"),
    attribute("paracetamol and codeine", 2, "strength", 7.5),
    attribute("paracetamol and codeine", 0, "product name", '"Panadeine"'),
    attribute("paracetamol and codeine", 0, "in benefit scheme", False),
)


def _map(name: str, target: str, group: float, priority: float, *, active: bool = True) -> RowFact:
    fields: dict[str, Value] = {
        "mapTarget": target,
        "mapGroup": group,
        "mapPriority": priority,
        "correlationId": Code(CODES["defined"]),
    }
    return RowFact(CODES["ICD-10 map"], CODES[name], fields, is_active=active, time=20210731)


def _association(refset: str, old: str, new: str, *, active: bool = True) -> RowFact:
    target = {"targetComponentId": Code(CODES[new])}
    return RowFact(CODES[refset], CODES[old], target, is_active=active)


_ROWS = (
    RowFact(CODES["problem list"], CODES["asthma"]),
    RowFact(CODES["problem list"], CODES["pulmonary edema"], time=20210731),
    RowFact(CODES["problem list"], CODES["hay asthma"], module="731000124108"),
    RowFact(CODES["problem list"], CODES["pneumonia"], is_active=False),
    _map("asthma", "J45.9", 1.0, 1.0),
    _map("pulmonary edema", "J81", 1.0, 1.0),
    _map("toxic pulmonary edema", "J68.1", 1.0, 1.0),
    _map("toxic pulmonary edema", "X49", 2.0, 1.0),
    _map("pneumonia", "J18.9", 1.0, 1.0, active=False),
    _association("SAME AS", "hay asthma", "asthma"),
    _association("SAME AS", "mild asthma", "pneumonia", active=False),
    _association("WAS A", "mild asthma", "asthma"),
)


def text(concept: str, term: str, **changed: object) -> TextFact:
    """A description, in English and active where nothing else is said."""
    return TextFact(CODES[concept], term, **{"id": "999999013", **changed})  # type: ignore[arg-type]


_TEXTS = (
    text("myocardial infarction", "Myocardial infarction (disorder)", type=FSN, id="751689013"),
    text("myocardial infarction", "Heart attack", acceptabilities={US: ACCEPTABLE, GB: PREFERRED}),
    text("myocardial infarction", "心肌梗死", language="zh"),
    text("myocardial infarction", "Cardiac infarct", is_active=False),
    text("heart disease", "Heart disease (disorder)", type=FSN, time=20190731),
    text("heart disease", "Cardiopathy", acceptabilities={US: ACCEPTABLE}, time=0),
    text("heart disease", "hjärtsjukdom", language="sv"),
    text("cardiomyopathy", "Cardiomyopathy (disorder)", type=FSN),
    text(
        "cardiomyopathy", "Cardiomyopathy", acceptabilities={US: PREFERRED}, module="731000124108"
    ),
    text("cardiomyopathy", "Disease of heart muscle 5*", acceptabilities={GB: ACCEPTABLE}),
    text("asthma", "Asthma", acceptabilities={US: PREFERRED, GB: PREFERRED}),
    text("mild asthma", "Mild asthma", id="264553015"),
)

EDITION = Edition(tuple(_concepts()), _ATTRIBUTES, _ROWS, _TEXTS)
