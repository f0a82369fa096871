"""Constraints of SNOMED CT on a release read from its file."""

import numpy as np
import pytest

from fhir_server.r4.outcome import FhirError
from scripts.make_rf2_release import REPLACED_BY, ROOT
from scripts.make_rf2_release import Release as Made
from terminology.loaders import snomed
from terminology.loaders.report import Report
from terminology.loaders.sources import source_of
from terminology.releases import snomed_concepts
from terminology.releases.release import Release
from terminology.releases.snomed_concepts import SnomedConcepts
from terminology.releases.writing import ReleaseWriter
from terminology.service.release_filters import positions_of_filter

MADE = Made(400, seed=9)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    folder = tmp_path_factory.mktemp("snomed")
    Made(400, seed=9).write(folder / "rf2")
    writer = ReleaseWriter(folder, filterable=snomed.FILTERABLE)
    about = snomed.load([source_of(folder / "rf2")], writer, Report())
    return Release(writer.finish(about))


def selected(release: Release, constraint: str) -> set[str]:
    given = {"property": "constraint", "op": "=", "value": constraint}
    return set(release.codes(positions_of_filter(release, given)))


def relations(release: Release, code: str, type: str) -> set[str]:
    concept = release.get(code)
    assert concept is not None
    return {each.value for each in concept.properties if each.code == type}


@pytest.mark.parametrize("way", ["parents", "children", "ancestors", "descendants"])
def test_many_are_walked_as_each_by_itself(
    release: Release, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    concepts = SnomedConcepts(release)
    some = np.arange(0, len(release), 3, dtype=np.uint32)
    walked = getattr(concepts, way)(some)
    assert len(some) > 100
    monkeypatch.setattr(snomed_concepts, "_FEW", 10_000)
    assert walked.tolist() == getattr(concepts, way)(some).tolist()
    assert walked.tolist() == sorted({*walked.tolist()})


def test_attributes(release: Release) -> None:
    type = MADE.types[3]
    targets = {code: relations(release, code, type) for code in MADE.codes}
    top = sorted(set().union(*targets.values()))[0]
    inside = {top, *release.descendants(top)}
    expected = {code for code, some in targets.items() if inside & some}
    assert selected(release, f"<< {ROOT} : {type} = << {top}") == expected
    # The same by the property filter of FHIR, of one target.
    one = {"property": type, "op": "=", "value": top}
    assert set(release.codes(positions_of_filter(release, one))) == {
        code for code in MADE.codes if top in relations(release, code, type)
    }


def test_concrete_values(release: Release) -> None:
    type = MADE.types[-1]
    with_value = {code for n, code in enumerate(MADE.codes) if n % 50 == 0}
    assert selected(release, f"* : {type} >= #0") == with_value
    assert selected(release, f"* : {type} = #100") == {MADE.codes[100]}


def test_reference_sets_and_history(release: Release) -> None:
    members = {c for n, c in enumerate(MADE.codes) if n % 30 == 0 and MADE.is_active(n)}
    assert selected(release, f"^ {MADE.refsets[0]}") == members
    ended, kept = MADE.codes[39], MADE.codes[38]
    assert selected(release, f"{kept} {{{{ +HISTORY-MAX }}}}") == {kept, ended}
    assert ended in selected(release, f"^ {REPLACED_BY}")


def test_definition_status_and_terms(release: Release) -> None:
    defined = {c for n, c in enumerate(MADE.codes) if n % 4 == 0}
    assert selected(release, "* {{ C definitionStatus = defined, active = true }}") <= defined
    concept = release.get(MADE.codes[11])
    assert concept is not None
    word = concept.display.split()[0]
    assert concept.code in selected(release, f'* {{{{ D term = "{word[:4]}" }}}}')
    wanted = f'* {{{{ D term = "{word}", type = fsn }}}}'
    assert concept.code in selected(release, wanted)


@pytest.mark.parametrize(
    ("constraint", "named"),
    [
        ("* {{ D active = false }}", "inactive are not kept here"),
        ("<< 404684003", "Unknown code '404684003'"),
        ("<< ", "ECL at character"),
    ],
)
def test_what_cannot_be_told_is_refused(release: Release, constraint: str, named: str) -> None:
    with pytest.raises(FhirError, match=named) as caught:
        selected(release, constraint)
    assert caught.value.status == 422
