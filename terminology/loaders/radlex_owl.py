"""RadLex in OWL: classes with names, synonyms, definitions and relations.

A class may stand in several places of the file, each with a part of what is said of it, and its
`rdfs:label` may be its RID. Source: the file `RadLex.owl` of RSNA, versions 3 and 4.
"""

import re
from typing import Final
from xml.etree.ElementTree import Element

from terminology.loaders.drafts import Draft, Drafts
from terminology.loaders.report import Report
from terminology.loaders.tables import File
from terminology.loaders.xml_elements import LANGUAGE, elements, local, texts
from terminology.releases.form import Text

_RDF: Final = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_RID: Final = re.compile(r"http://(?:www\.)?radlex\.org/RID/?#?(RID[0-9]+)")
# A name of this form is the code again, and no name.
_CODE: Final = re.compile(r"RID[0-9]+")
_NAMES: Final = ("Preferred_name", "prefLabel", "label", "Preferred_Name_for_Obsolete")
_SYNONYMS: Final = ("Synonym", "altLabel")
_DEFINITIONS: Final = ("Definition", "definition")
_LANGUAGES: Final = {"German": "de", "Chinese": "zh-CN", "French": "fr", "Dutch": "nl"}
_SPECIAL: Final = (*_NAMES, *_SYNONYMS, *_DEFINITIONS, "type", "subClassOf", "deprecated")


class _Class:
    """What the file says of one class; texts with their languages, in the order of preference."""

    def __init__(self, line: int) -> None:
        self.line = line
        self.names: set[tuple[int, str, str]] = set()
        self.synonyms: set[tuple[str, str]] = set()
        self.definitions: set[str] = set()
        self.parents: set[str] = set()
        self.properties: set[tuple[str, str, str]] = set()
        self.is_obsolete = False


def read_owl(file: File, drafts: Drafts, report: Report) -> str:
    """Add every class that has an RID, and return the version that the file tells."""
    classes: dict[str, _Class] = {}
    version = ""
    for line, element, around in elements(file, "Ontology", "Class", "Description"):
        about = element.get(f"{_RDF}about", "")
        if local(element.tag) == "Ontology":
            version = next(iter(texts(element, "versionInfo")), "")
        elif around is not None or not about:
            continue  # a part of a restriction: it has no name
        elif _RID.fullmatch(about) is None:
            report.left_out[file.short, "no RadLex class"] += 1
        else:
            code = about.rpartition("RID")[2]
            _note(classes.setdefault(f"RID{code}", _Class(line)), element)
    for code, said in classes.items():
        _add(code, said, classes, drafts, file, report)
    return version


def _note(said: _Class, element: Element) -> None:
    for each in element:
        name, text = local(each.tag), " ".join((each.text or "").split())
        target = _RID.fullmatch(each.get(f"{_RDF}resource", ""))
        kind, _, language = name.rpartition("_")
        tag = each.get(LANGUAGE) or _LANGUAGES.get(language, "")
        base = kind if language in _LANGUAGES else name
        if base == "subClassOf" and target is not None:
            said.parents.add(target[1])
        elif base == "deprecated":
            said.is_obsolete |= text.casefold() in ("true", "1")
        elif base in _NAMES and text and _CODE.fullmatch(text) is None:
            said.names.add((_NAMES.index(base), tag or "en", text))
            said.is_obsolete |= base == "Preferred_Name_for_Obsolete"
        elif base in _SYNONYMS and text:
            said.synonyms.add((tag, text))
        elif base in _DEFINITIONS and text:
            said.definitions.add(text)
        elif target is not None and base not in _SPECIAL:
            said.properties.add((name, "valueCode", target[1]))
        elif text and base not in _SPECIAL and base not in ("Comment", "Source"):
            said.properties.add((name, "valueString", text))


def _add(
    code: str, said: _Class, classes: dict[str, _Class], drafts: Drafts, file: File, report: Report
) -> None:
    names = sorted(said.names)
    shown = next((text for _, tag, text in names if tag.partition("-")[0] == "en"), "")
    if not shown:
        report.refuse(file.short, said.line, "it has no English name", code)
        return
    report.loaded[file.short] += 1
    known = {shown}
    texts_: list[Text] = []
    # A name in another language is to be shown there; further English names are synonyms.
    for use, found in ((-1, [n[1:] for n in names]), (0, sorted(said.synonyms))):
        for tag, text in found:
            if text not in known:
                known.add(text)
                texts_.append(Text(text, tag, 0 if tag in ("", "en") else use))
    obsolete = ("inactive", "valueBoolean", said.is_obsolete)
    drafts.add(
        Draft(
            code=code,
            display=shown,
            definition=next(iter(sorted(said.definitions)), ""),
            texts=texts_,
            properties=[obsolete, *said.properties],
            is_inactive=said.is_obsolete,
        )
    )
    for parent in said.parents:
        if _is_named(classes.get(parent)):
            drafts.link(code, parent)
        else:
            report.absent.append((file.short, f"line {said.line}: {parent}, which is above {code}"))


def _is_named(said: _Class | None) -> bool:
    return said is not None and any(t.partition("-")[0] == "en" for _, t, _ in said.names)
