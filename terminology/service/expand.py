"""ValueSet/$expand: http://hl7.org/fhir/R4/valueset-operation-expand.html."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import uuid4

import msgspec

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.outcome import FhirError, Issue
from terminology.service.cautions import caution_of, language_of
from terminology.service.code_system import canonical_of
from terminology.service.concept import Designation
from terminology.service.expansion_properties import declared, property_extensions
from terminology.service.languages import display_in, matches, wanted
from terminology.service.member import Key, Member
from terminology.service.selection import Selection, shown
from terminology.service.value_set import Composition

# More than a person or a form can use; a client that wants them all asks for pages.
MOST_CODES: Final = 10_000
_EXTENSIONS: Final = "http://hl7.org/fhir/StructureDefinition/"


class Expand(msgspec.Struct, frozen=True):
    """What is asked of an expansion; `told` are the parameters as they were sent.

    `designations` are languages, or `system|code` of a use, none for all of them.
    """

    filter: str = ""
    offset: int = 0
    count: int | None = None
    active_only: bool = False
    exclude_nested: bool = False
    include_designations: bool = False
    include_definition: bool = False
    designations: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    told: tuple[JsonObject, ...] = ()


def expand(
    composition: Composition, resource: JsonObject, asked: Expand, *, now: datetime
) -> JsonObject:
    """Return the ValueSet with its expansion.

    FhirError 422 `too-costly` for more than MOST_CODES in one answer: a part that looks like the
    whole would leave codes out.
    """
    own = language_of(resource)
    if own and not asked.languages:
        told = ({"name": "displayLanguage", "valueCode": own}, *asked.told)
        asked = msgspec.structs.replace(asked, languages=wanted(own), told=told)
    members = composition.members(resource)
    composition.check_supplements()
    page, total = _page(members, asked)
    versioned = _versioned(composition)
    entries = [_entry(each, asked, versioned) for each in page]
    is_paged = asked.count is not None or asked.offset
    is_cut = (
        is_paged
        or asked.filter.split()
        or any(each.is_listed for each in page)
        or _is_composed(resource)
    )
    if not (asked.exclude_nested or is_cut):
        entries = _tree(page, entries)
    # Codes that are listed one by one are all there, whatever else the code system holds.
    parts = sorted(composition.selected_fragments)
    expansion: JsonObject = {
        "extension": [*_unclosed(parts), *declared(page, asked.properties)],
        "identifier": f"urn:uuid:{uuid4()}",
        "timestamp": now.isoformat(timespec="milliseconds"),
        "total": total,
        **({"offset": asked.offset} if is_paged else {}),
        "parameter": [*_told(asked, composition), *_used(composition, resource)],
        "contains": entries,
    }
    # What is answered is no version of the stored resource: its meta and text are not of this.
    left_out = {"expansion", "text", "meta", "contained"}
    if not asked.include_definition:
        left_out |= {"compose", "extension"}
    bare = {name: value for name, value in resource.items() if name not in left_out}
    return {**bare, "expansion": {k: v for k, v in expansion.items() if v != []}}


def _page(members: Mapping[Key, Member], asked: Expand) -> tuple[list[Member], int]:
    """Return the members that are asked for and how many there are; FhirError 422 for too many."""
    end = len(members) if asked.count is None else asked.offset + asked.count
    if isinstance(members, Selection):
        positions = shown(members, asked.filter, active_only=asked.active_only)
        wanted = positions[asked.offset : end].tolist()
        _check(len(wanted))
        return [members.member(each) for each in wanted], len(positions)
    terms = [each.casefold() for each in asked.filter.split()]
    chosen = [
        each
        for each in members.values()
        if not (asked.active_only and each.concept.is_inactive)
        and (not terms or _found(each, terms))
    ]
    page = chosen[asked.offset : end]
    _check(len(page))
    return page, len(chosen)


def _check(count: int) -> None:
    if count > MOST_CODES:
        text = f"The expansion has {count} codes; ask for pages (count, offset) or by filter."
        raise FhirError(422, Issue("error", "too-costly", text))


def _is_composed(resource: JsonObject) -> bool:
    """Whether a value set is made of others or leaves codes out: its hierarchy has holes then."""
    compose = resource.get("compose", {})
    return "exclude" in compose or any("valueSet" in e for e in compose.get("include", ()))


def _found(member: Member, terms: Iterable[str]) -> bool:
    """Whether each term begins a word of one text, or stands in a text of ideographs."""
    concept = member.concept
    texts = [
        text.casefold()
        for text in (
            member.display,
            concept.display,
            *(each.value for each in (*concept.designations, *member.designations)),
        )
        if text
    ]
    return all(any(_begins(term, text) for text in texts) for term in terms) or (
        [concept.code.casefold()] == list(terms)
    )


def _begins(term: str, text: str) -> bool:
    at = text.find(term)
    while at >= 0:
        # Ideographs have no blanks between words.
        if at == 0 or term[0] > "\u2e80" or not text[at - 1].isalnum():
            return True
        at = text.find(term, at + 1)
    return False


def _versioned(composition: Composition) -> frozenset[str]:
    """Return the code systems that were read, or asked for, in several versions."""
    read: dict[str, set[str]] = {}
    named: dict[str, set[str]] = {}
    for each in composition.used:
        read.setdefault(each.system.url, set()).add(each.system.version)
        named.setdefault(each.system.url, set()).add(each.named)
    return frozenset(url for url in read if len(read[url]) > 1 or len(named[url]) > 1)


def _entry(member: Member, asked: Expand, versioned: frozenset[str]) -> JsonObject:
    system, concept = member.system, member.concept
    extensions = [
        *_distinct(concept.extensions, member.marks),
        *property_extensions(member, asked.properties),
    ]
    entry: JsonObject = {"extension": extensions} if extensions else {}
    entry["system"] = system.url
    if system.url in versioned:
        entry["version"] = system.version
    if concept.is_abstract:
        entry["abstract"] = True
    if concept.is_inactive:
        entry["inactive"] = True
    entry["code"] = concept.code
    own = concept
    if member.designations or member.display:
        own = msgspec.structs.replace(
            concept,
            display=member.display or concept.display,
            designations=(*member.designations, *concept.designations),
        )
    shown = display_in(own, system.language, asked.languages)
    if shown:
        entry["display"] = shown
    if asked.include_designations:
        # Of the texts the one that is shown is not told again.
        texts = own.designations
        if shown != own.display and own.display:
            texts = (Designation(own.display, system.language), *texts)
            texts = tuple(each for each in texts if each.value != shown)
        told = [_designation(each) for each in texts if _wanted(each, asked)]
        if told:
            entry["designation"] = told
    return entry


def _distinct(own: Sequence[JsonObject], given: Sequence[JsonObject]) -> Iterator[JsonObject]:
    """Yield the extensions of a code; those that the value set gives stand for its own."""
    urls = {each["url"] for each in given}
    yield from (each for each in own if each["url"] not in urls)
    yield from given


def _wanted(designation: Designation, asked: Expand) -> bool:
    if not asked.designations:
        return True
    use = designation.use or {}
    token = f"{use.get('system', '')}|{use.get('code', '')}"
    return any(
        each == token
        or (bool(designation.language) and matches(designation.language, each.split("|")[-1]))
        for each in asked.designations
    )


def _designation(designation: Designation) -> JsonObject:
    found: JsonObject = {}
    if designation.extensions:
        found["extension"] = list(designation.extensions)
    if designation.language:
        found["language"] = designation.language
    if designation.use:
        found["use"] = designation.use
    return {**found, "value": designation.value}


def _tree(page: Sequence[Member], entries: Sequence[JsonObject]) -> list[JsonObject]:
    """Return the entries, each below the first of its parents that is among them."""
    by_code = {
        (each.system.canonical, each.concept.code): entry
        for each, entry in zip(page, entries, strict=True)
    }
    roots: list[JsonObject] = []
    for member, entry in zip(page, entries, strict=True):
        held = (by_code.get((member.system.canonical, code)) for code in member.concept.parents)
        parent = next((each for each in held if each is not None), None)
        (roots if parent is None else parent.setdefault("contains", [])).append(entry)
    # Codes in a circle hang from no root; they must not be left out.
    return roots if _size(roots) == len(entries) else _flat(entries)


def _size(entries: Sequence[JsonObject]) -> int:
    found, waiting = 0, list(entries)
    while waiting:
        found += 1
        waiting += waiting.pop().get("contains", ())
    return found


def _flat(entries: Sequence[JsonObject]) -> list[JsonObject]:
    return [{k: v for k, v in each.items() if k != "contains"} for each in entries]


def _unclosed(fragments: Sequence[str]) -> list[JsonObject]:
    """Return the extensions that say that an expansion does not hold everything."""
    if not fragments:
        return []
    names = ", ".join(each.partition("|")[0] for each in fragments)
    reason = f"This extension is based on a fragment of the code system {names}"
    return [
        {"url": f"{_EXTENSIONS}valueset-unclosed", "valueBoolean": True},
        {"url": f"{_EXTENSIONS}valueset-unclosed-reason", "valueString": reason},
    ]


def _told(asked: Expand, composition: Composition) -> list[JsonObject]:
    """Return the parameters as they were sent, of versions those that had an effect."""
    wanted = {
        f"{each.system.url}|{each.wanted}" for each in composition.used if each.wanted != each.named
    }
    return [
        each
        for each in asked.told
        if not each["name"].endswith("system-version") or each.get("valueUri") in wanted
    ]


def _used(composition: Composition, resource: JsonObject) -> list[JsonObject]:
    found: list[tuple[str, str]] = [
        *(("used-codesystem", each.canonical) for each in composition.used_code_systems),
        *(
            ("used-fragment", each.canonical)
            for each in composition.used_code_systems
            if each.content == "fragment"
        ),
        *(("used-valueset", each) for each in composition.used_value_sets),
        *(("used-supplement", each) for each in composition.used_supplements),
    ]
    for each in (*composition.used_resources, resource):
        caution = caution_of(each)
        if caution:
            found.append((f"warning-{caution}", canonical_of(each)))
    told: list[JsonObject] = [{"name": name, "valueUri": value} for name, value in found]
    if composition.versions_match:
        told.append({"name": "versionsMatch", "valueBoolean": True})
    return told
