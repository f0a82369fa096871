"""RadLex from OWL and from tables, of made-up terms."""

from pathlib import Path

import pytest

from terminology.loaders import radlex
from terminology.loaders.report import Report
from terminology.loaders.sources import SourceRefused
from terminology.releases.release import Release
from terminology.service.languages import display_in
from tests.unit.terminology.loaders.deliveries import codes, loaded

OWL = """<?xml version="1.0" encoding="UTF-8"?>
<rdf:RDF xmlns="http://www.radlex.org/RID/" xmlns:owl="http://www.w3.org/2002/07/owl#"
    xmlns:rdfs="http://www.w3.org/2000/01/rdf-schema#"
    xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <owl:Ontology rdf:about="http://www.radlex.org/RID/"><owl:versionInfo>4.9</owl:versionInfo>
  </owl:Ontology>
  <owl:AnnotationProperty rdf:about="http://www.radlex.org/RID/Synonym"/>
  <owl:Class rdf:about="http://www.radlex.org/RID/RID900">
    <rdfs:label xml:lang="en">RID900</rdfs:label>
    <Preferred_name xml:lang="en">made-up organ</Preferred_name>
  </owl:Class>
  <owl:Class rdf:about="http://www.radlex.org/RID/RID901">
    <rdfs:subClassOf rdf:resource="http://www.radlex.org/RID/RID900"/>
    <rdfs:subClassOf><owl:Restriction>
      <owl:onProperty rdf:resource="http://www.radlex.org/RID/Part_Of"/>
      <owl:someValuesFrom><owl:Class rdf:about="http://www.radlex.org/RID/RID900"/>
      </owl:someValuesFrom></owl:Restriction></rdfs:subClassOf>
    <Preferred_name xml:lang="en">left lobe</Preferred_name>
    <Preferred_name_German>linker Lappen</Preferred_name_German>
    <Synonym xml:lang="en">lobe on the left</Synonym>
    <Definition xml:lang="en">A lobe &amp; more.</Definition>
    <Part_Of rdf:resource="http://www.radlex.org/RID/RID900"/>
    <SNOMED_ID>123456789</SNOMED_ID>
  </owl:Class>
  <owl:Axiom><owl:annotatedSource rdf:resource="http://www.radlex.org/RID/RID901"/></owl:Axiom>
  <rdf:Description rdf:about="http://www.radlex.org/RID/RID901">
    <rdf:type rdf:resource="http://www.w3.org/2002/07/owl#Class"/>
    <rdfs:label xml:lang="zh-CN">左叶</rdfs:label>
  </rdf:Description>
  <owl:Class rdf:about="http://www.radlex.org/RID/RID902">
    <Preferred_Name_for_Obsolete xml:lang="en">old lobe</Preferred_Name_for_Obsolete>
    <owl:deprecated>true</owl:deprecated>
  </owl:Class>
  <owl:Class rdf:about="http://www.radlex.org/RID/RID903">
    <Preferred_name xml:lang="de">nur deutsch</Preferred_name>
  </owl:Class>
</rdf:RDF>
"""


def load(folder: Path, name: str, text: str, version: str = "") -> tuple[Release, Report]:
    path = folder / name
    path.write_text(text, "utf-8")
    return loaded(radlex.load, radlex.FILTERABLE, path, version=version)


def test_a_class_is_a_concept_with_what_is_said_of_it_in_several_places(tmp_path: Path) -> None:
    release, report = load(tmp_path, "RadLex.owl", OWL)
    assert release.version == "4.9"
    concept = release.get("RID901")
    assert concept is not None
    assert (concept.display, concept.definition) == ("left lobe", "A lobe & more.")
    assert display_in(concept, "en", ("de",)) == "linker Lappen"
    assert display_in(concept, "en", ("zh",)) == "左叶"
    assert codes(release, release.with_texts("lobe left")) == ["RID901"]
    assert release.is_below("RID901", "RID900")
    assert codes(release, release.of_property("Part_Of", "RID900")) == ["RID901"]
    assert codes(release, release.of_property("SNOMED_ID", "123456789")) == ["RID901"]
    assert release.get("RID900").display == "made-up organ"  # type: ignore[union-attr]
    assert report.loaded["RadLex.owl"] == 3


def test_an_obsolete_class_is_inactive_and_one_without_a_name_is_refused(tmp_path: Path) -> None:
    release, report = load(tmp_path, "RadLex.owl", OWL)
    old = release.get("RID902")
    assert old is not None
    assert (old.display, old.is_inactive) == ("old lobe", True)
    assert codes(release, release.inactive) == ["RID902"]
    assert release.get("RID903") is None
    (refusal,) = report.refusals
    assert (refusal.line, refusal.why, refusal.text) == (34, "it has no English name", "RID903")


def test_a_document_type_is_refused_before_anything_is_made_of_it(tmp_path: Path) -> None:
    declared = '<!DOCTYPE rdf:RDF [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    head, _, rest = OWL.partition("\n")
    with pytest.raises(SourceRefused, match=r"RadLex\.owl, line 2: it has a document type"):
        load(tmp_path, "RadLex.owl", f"{head}\n{declared}\n{rest}")


def test_a_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceRefused, match="it is no whole XML"):
        load(tmp_path, "RadLex.owl", OWL[: len(OWL) // 2])


def test_the_table_of_bioportal_has_synonyms_and_parents(tmp_path: Path) -> None:
    base = "http://radlex.org/RID/"
    table = (
        "Preferred Label,Class ID,Synonyms,Obsolete,Parents,"
        f"{base}Preferred_Name_for_Obsolete,{base}Preferred_name_German\n"
        f"made-up organ,{base}RID900,,false,http://www.w3.org/2002/07/owl#Thing,,\n"
        f'"left, lobe",{base}RID901,lobe on the left|sinister lobe,false,{base}RID900,,Lappen\n'
        f"RID902,{base}RID902,,true,{base}RID899,old lobe,\n"
        f"nameless,{base}Nothing,,false,,,\n"
    )
    release, report = load(tmp_path, "RADLEX.csv", table, "4.1")
    assert release.is_below("RID901", "RID900")
    assert codes(release, release.with_texts("sinister")) == ["RID901"]
    assert codes(release, release.inactive) == ["RID902"]
    assert codes(release, release.with_texts("old lobe")) == ["RID902"]
    assert codes(release, release.with_texts("Lappen")) == ["RID901"]
    assert report.loaded["RADLEX.csv"] == 3
    assert report.refused == {("RADLEX.csv", "no RID, or no name"): 1}
    assert report.absent == [("RADLEX.csv", f"line 4: {base}RID899, which is above RID902")]


def test_a_plain_list_needs_its_version_given(tmp_path: Path) -> None:
    with pytest.raises(SourceRefused, match="give it"):
        load(tmp_path, "list.csv", "rid,display\nRID900,made-up organ\n")
    release, _ = load(tmp_path, "list.csv", "rid,display\nRID900,made-up organ\n", "2026")
    assert release.get("RID900") is not None
