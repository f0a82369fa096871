"""SNOMED CT from the hospital's own RF2 release: concepts, texts, relations, reference sets.

Sources: https://confluence.ihtsdotools.org/display/DOCRELFMT;
http://hl7.org/fhir/R4/snomedct.html for properties and versions.
"""

from array import array
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np

from fhir_server.r4.codec import JsonObject
from terminology.loaders.report import Report
from terminology.loaders.rf2 import NEEDED, File, current, snapshot_files
from terminology.loaders.sources import Source
from terminology.releases.form import About, Body, Text
from terminology.releases.writing import Association, ReleaseWriter

URL: Final = "http://snomed.info/sct"
_ACTIVE: Final = "1"
_IS_A: Final = "116680003"
_INFERRED: Final = frozenset(("900000000000011006", "900000000000227009"))
_DEFINED: Final = "900000000000073002"
_FULLY_SPECIFIED: Final = "900000000000003001"
_SYNONYM: Final = "900000000000013009"
_DEFINITION: Final = "900000000000550004"
_PREFERRED: Final = "900000000000548007"
_ACCEPTABLE: Final = "900000000000549004"
_INTERNATIONAL: Final = "900000000000207008"
_MODEL: Final = "900000000000012004"
# The language reference sets of English, with the tags of their dialects.
_US: Final = "900000000000509007"
_TAGS: Final = {_US: "en-US", "900000000000508004": "en-GB"}
_USES: Final = {
    _FULLY_SPECIFIED: "Fully specified name",
    _SYNONYM: "Synonym",
    _DEFINITION: "Definition",
}
# Stands where a module is no concept of the release.
_NO_CONCEPT: Final = 0xFFFFFFFF
_NUMBERS: Final = {code: number for number, code in enumerate(_USES)}
FILTERABLE: Final = ("inactive", "sufficientlyDefined", "moduleId", "effectiveTime")


def load(
    sources: Sequence[Source], writer: ReleaseWriter, report: Report, *, version: str = ""
) -> About:
    """Read an RF2 release, and extensions of it, into a writer; return what it is.

    `version` is a version URI, "" for what the files say. SourceRefused where they are no release.
    """
    return SnomedLoader(sources, report, version=version).load(writer)


class _Concept(msgspec.Struct):
    code: str
    effective: str
    is_active: bool
    module: str
    is_defined: bool
    texts: list[Text] = []
    properties: list[tuple[str, str, Any]] = []


class SnomedLoader:
    """Reads one release into a writer; `version` is the version URI that it found, or was given."""

    def __init__(
        self,
        sources: Sequence[Source],
        report: Report,
        *,
        version: str = "",
        needed: Sequence[str] = NEEDED,
    ) -> None:
        self._files = snapshot_files(sources, needed)
        self._report = report
        self._concepts: list[_Concept] = []
        self._positions: dict[str, int] = {}
        self._dialects: list[str] = []
        self._masks: dict[int, tuple[int, ...]] = {0: ()}
        self._given_version = version
        self._relations: dict[int, tuple[array[int], array[int], array[int]]] = {}
        self._amounts: dict[int, tuple[array[int], array[int], list[str]]] = {}
        self._links: tuple[array[int], array[int]] = (array("I"), array("I"))
        self._refsets: dict[int, array[int]] = defaultdict(lambda: array("I"))
        self._associations: dict[int, list[Association]] = defaultdict(list)

    def load(self, writer: ReleaseWriter) -> About:
        """Read every file, hand over the release's content, and return what it is."""
        self._read_concepts()
        self._read_texts()
        self._read_relations()
        self._read_amounts()
        self._read_refsets()
        self._write(writer)
        return About(
            url=URL,
            version=self.version,
            head=self._head(),
            uses=tuple({"system": URL, "code": c, "display": d} for c, d in _USES.items()),
            dialects=tuple(self._dialects),
        )

    @property
    def version(self) -> str:
        """`http://snomed.info/sct/MODULE/version/DATE`, http://hl7.org/fhir/R4/snomedct.html."""
        if self._given_version:
            return self._given_version
        date = max(each.date for each in self._of("Concept"))
        return f"{URL}/{self._edition()}/version/{date}"

    def _edition(self) -> str:
        """Return the module that the edition is named by: the largest that is not of the core."""
        if {each.namespace for each in self._of("Concept")} == {"INT"}:
            return _INTERNATIONAL
        sizes = Counter(each.module for each in self._concepts)
        own = [m for m, _ in sizes.most_common() if m not in (_INTERNATIONAL, _MODEL)]
        return own[0] if own else _INTERNATIONAL

    def _head(self) -> JsonObject:
        return {
            "resourceType": "CodeSystem",
            "url": URL,
            "version": self.version,
            "name": "SNOMED_CT",
            "title": "SNOMED CT",
            "status": "active",
            "caseSensitive": True,
            "language": "en",
            "hierarchyMeaning": "is-a",
            "content": "complete",
            "copyright": "SNOMED CT is used under the licence of the hospital that loaded it; "
            "https://www.snomed.org/snomed-ct/get-snomed",
            "property": [
                {"code": "inactive", "type": "boolean"},
                {"code": "sufficientlyDefined", "type": "boolean"},
                {"code": "moduleId", "type": "code"},
                {"code": "effectiveTime", "type": "string"},
            ],
        }

    def _of(self, *contents: str) -> list[File]:
        return [each for each in self._files if each.content in contents]

    def _read_concepts(self) -> None:
        found: dict[int, _Concept] = {}
        for file, number, row in current(self._of("Concept"), self._report):
            code = row[0]
            if not code.isdecimal() or int(code) in found:
                why = "this concept stood here before" if code.isdecimal() else "no SNOMED id"
                self._report.refuse(file, number, why, "\t".join(row))
                continue
            self._report.loaded[file] += 1
            found[int(code)] = _Concept(code, row[1], row[2] == _ACTIVE, row[3], row[4] == _DEFINED)
        self._concepts = [found[id] for id in sorted(found)]
        self._positions = {each.code: at for at, each in enumerate(self._concepts)}

    def _read_texts(self) -> None:
        accepted = self._read_acceptability()
        report, positions, concepts = self._report, self._positions, self._concepts
        for file, number, row in current(self._of("Description", "TextDefinition"), report):
            if row[2] != _ACTIVE:
                report.left_out[file, "inactive"] += 1
                continue
            at, use = positions.get(row[4]), _NUMBERS.get(row[6])
            if at is None or use is None or not row[7]:
                report.refuse(file, number, "no such concept or type, or empty", "\t".join(row))
                continue
            report.loaded[file] += 1
            dialects = self._dialects_of(accepted.get(int(row[0]), 0))
            concept = concepts[at]
            if not concept.texts:
                concept.texts = []
            concept.texts.append(Text(row[7], row[5], use, dialects))

    def _read_acceptability(self) -> dict[int, int]:
        """Return for each text two bits for each language reference set, by its number."""
        report, found = self._report, dict[int, int]()
        numbers: dict[str, int] = {}
        for file, number, row in current(
            [each for each in self._of("cRefset") if each.summary == "Language"], report
        ):
            if row[2] != _ACTIVE:
                report.left_out[file, "inactive"] += 1
                continue
            if row[6] not in (_PREFERRED, _ACCEPTABLE) or not row[5].isdecimal():
                report.refuse(file, number, "no such acceptability", "\t".join(row))
                continue
            report.loaded[file] += 1
            dialect = numbers.setdefault(row[4], len(numbers))
            bits = (2 if row[6] == _PREFERRED else 1) << 2 * dialect
            id = int(row[5])
            found[id] = found.get(id, 0) | bits
        self._dialects = list(numbers)
        return found

    def _dialects_of(self, mask: int) -> tuple[int, ...]:
        known = self._masks.get(mask)
        if known is None:
            known = tuple(
                2 * number + (mask >> 2 * number + 1 & 1)
                for number in range(len(self._dialects))
                if mask >> 2 * number & 3
            )
            self._masks[mask] = known
        return known

    def _read_relations(self) -> None:
        report, positions = self._report, self._positions
        for file, number, row in current(self._of("Relationship"), report):
            if row[2] != _ACTIVE or row[8] not in _INFERRED:
                why = "inactive" if row[2] != _ACTIVE else "stated"
                report.left_out[file, why] += 1
                continue
            source, target, type = (positions.get(row[n]) for n in (4, 5, 7))
            if source is None or target is None or type is None:
                report.refuse(file, number, "no such concept", "\t".join(row))
                continue
            report.loaded[file] += 1
            if row[7] == _IS_A:
                self._links[0].append(source)
                self._links[1].append(target)
                continue
            if type not in self._relations:
                self._relations[type] = (array("I"), array("I"), array("I"))
            for column, value in zip(
                self._relations[type], (source, int(row[6]), target), strict=True
            ):
                column.append(value)
            self._property(source, row[7], "valueCode", self._concepts[target].code)

    def _read_amounts(self) -> None:
        report, positions = self._report, self._positions
        for file, number, row in current(self._of("RelationshipConcreteValues"), report):
            if row[2] != _ACTIVE:
                report.left_out[file, "inactive"] += 1
                continue
            source, type = positions.get(row[4]), positions.get(row[7])
            if source is None or type is None or not _is_amount(row[5]):
                report.refuse(file, number, "no such concept, or no value", "\t".join(row))
                continue
            report.loaded[file] += 1
            if type not in self._amounts:
                self._amounts[type] = (array("I"), array("I"), [])
            sources, groups, amounts = self._amounts[type]
            sources.append(source)
            groups.append(int(row[6]))
            amounts.append(row[5])
            # R4 valueDecimal would lose how the number is written.
            self._property(source, row[7], "valueString", row[5].strip('#"'))

    def _read_refsets(self) -> None:
        report, positions = self._report, self._positions
        left_out = ("Language", "OWLExpression", "RefsetDescriptor", "DescriptionType")
        for file in self._files:
            if not file.is_refset or file.summary in left_out:
                continue
            for name, number, row in current([file], report):
                refset, member = positions.get(row[4]), positions.get(row[5])
                if file.summary == "Association" and refset is not None and member is not None:
                    self._associate(refset, member, row)
                if row[2] != _ACTIVE or (member is None and row[5][-2:-1] != "0"):
                    # SNOMED CT, "Partition identifier": 1 is a description, 2 a relationship.
                    why = "inactive" if row[2] != _ACTIVE else "not of concepts"
                    report.left_out[name, why] += 1
                elif refset is None or member is None:
                    report.refuse(name, number, "no such concept", "\t".join(row))
                else:
                    report.loaded[name] += 1
                    self._refsets[refset].append(member)

    def _associate(self, refset: int, member: int, row: list[str]) -> None:
        target, module = self._positions.get(row[6]), self._positions.get(row[3], _NO_CONCEPT)
        if target is None:
            return
        time = int(row[1]) if row[1].isdecimal() else 0
        is_active = row[2] == _ACTIVE
        self._associations[refset].append(Association(member, target, is_active, module, time))
        if is_active:
            self._property(member, row[4], "valueCode", row[6])

    def _property(self, position: int, name: str, kind: str, value: str) -> None:
        concept = self._concepts[position]
        if not concept.properties:
            concept.properties = []
        concept.properties.append((name, kind, value))

    def _write(self, writer: ReleaseWriter) -> None:
        for concept in self._concepts:
            writer.add(concept.code, self._body(concept))
            # Half of the memory is texts that are written now.
            concept.texts, concept.properties = [], []
        for child, parent in zip(*self._links, strict=True):
            writer.link(child, parent)
        for type, columns in self._relations.items():
            writer.relation(type, *(np.array(each, dtype=np.uint32) for each in columns))
        for type, (sources, groups, amounts) in self._amounts.items():
            own, numbers = (np.array(each, dtype=np.uint32) for each in (sources, groups))
            writer.measure(type, own, numbers, amounts)
        for refset, members in self._refsets.items():
            writer.refset(refset, members)
        for refset, pairs in self._associations.items():
            writer.association(refset, pairs)

    def _body(self, concept: _Concept) -> Body:
        texts = sorted(concept.texts, key=self._order)
        shown = next((t for t in texts if t.use != _number(_DEFINITION)), None)
        return Body(
            display="" if shown is None else shown.value,
            texts=tuple(self._tagged(each) for each in texts),
            properties=(
                ("inactive", "valueBoolean", not concept.is_active),
                ("sufficientlyDefined", "valueBoolean", concept.is_defined),
                ("moduleId", "valueCode", concept.module),
                ("effectiveTime", "valueString", concept.effective),
                *concept.properties,
            ),
            is_inactive=not concept.is_active,
        )

    def _order(self, text: Text) -> tuple[bool, ...]:
        """The text to show first: English, a synonym, preferred, best in the American dialect."""
        preferred = [self._dialects[each >> 1] for each in text.dialects if each & 1]
        return (
            text.use == _number(_DEFINITION),
            text.language != "en",
            text.use != _number(_SYNONYM),
            not preferred,
            _US not in preferred,
        )

    def _tagged(self, text: Text) -> Text:
        """Return the text with the tag of the one English dialect that prefers it, if one does."""
        preferred = [self._dialects[each >> 1] for each in text.dialects if each & 1]
        tags = [_TAGS[each] for each in preferred if each in _TAGS]
        if text.language == "en" and len(tags) == 1:
            return msgspec.structs.replace(text, language=tags[0])
        return text


def _is_amount(text: str) -> bool:
    return text[:1] in ("#", '"') or text in ("true", "false")


def _number(use: str) -> int:
    return _NUMBERS[use]
