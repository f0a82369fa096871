"""$validate-code of CodeSystem and ValueSet.

Sources: http://hl7.org/fhir/R4/codesystem-operation-validate-code.html,
valueset-operation-validate-code.html; parameters of the answer that R4 lacks (code, system,
version, inactive, issues) as the FHIR terminology ecosystem has them.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from fhir_server.r4.codec import JsonObject
from terminology.service import code_findings as say
from terminology.service.cautions import caution_of, language_of
from terminology.service.code_checks import Checked, Checks, ValidateCode, unusable
from terminology.service.code_findings import Finding
from terminology.service.code_system import canonical_of
from terminology.service.languages import display_in, wanted
from terminology.service.membership import Membership
from terminology.service.value_set import Composition

# Of the status of a concept what says more than `inactive` does; code systems have words of their
# own, too.
_TOLD: Final = frozenset(("deprecated", "retired"))


def validate_code(membership: Membership, asked: ValidateCode) -> JsonObject:
    """Return the Parameters that say whether a code is right, and if not, why.

    Without a value set it is held to its code system alone. That it cannot be told (a part of the
    value set is not here) is never "right".
    """
    value_set = membership.value_set
    if value_set is not None and not asked.languages:
        asked = msgspec.structs.replace(asked, languages=wanted(language_of(value_set)))
    # What one code of many makes it read is no matter of the next.
    composition = membership.composition.fork()
    checks = Checks(membership, composition, asked)
    found = [checks.of(coded) for coded in asked.codes]
    common = [] if membership.fault is None else [unusable(membership.fault)]
    if asked.concept is not None and not any(each.is_member for each in found):
        if membership.members is not None:
            common.append(say.no_coding_in_value_set(membership.name))
        elif not found:
            common.append(say.no_coding())
    findings = [*common, *(finding for each in found for finding in each.findings)]
    findings += _cautions(composition, value_set)
    chosen = next((each for each in found if each.is_member), None)
    if chosen is None and asked.concept is None:
        (chosen,) = found
    return _answer(asked, findings, chosen, found)


def _cautions(composition: Composition, value_set: JsonObject | None) -> Iterator[Finding]:
    for each in (*composition.used_resources, *([] if value_set is None else [value_set])):
        caution = caution_of(each)
        if caution:
            yield say.caution(each["resourceType"], canonical_of(each), caution)


def _answer(
    asked: ValidateCode,
    findings: Sequence[Finding],
    chosen: Checked | None,
    found: Sequence[Checked],
) -> JsonObject:
    is_member = chosen is not None and chosen.is_member
    right = is_member and not any(each.severity == "error" for each in findings)
    parameters: list[JsonObject] = [{"name": "result", "valueBoolean": right}]
    if chosen is not None:
        parameters += _told(chosen, asked.languages)
    if asked.concept is not None:
        parameters.append({"name": "codeableConcept", "valueCodeableConcept": asked.concept})
    said = say.message(findings)
    if said:
        parameters.append({"name": "message", "valueString": said})
    for each in found:
        if each.unknown:
            parameters.append({"name": "x-unknown-system", "valueCanonical": each.unknown})
        if each.caused_by:
            caused = {"name": "x-caused-by-unknown-system", "valueCanonical": each.caused_by}
            parameters.append(caused)
    if findings:
        parameters.append({"name": "issues", "resource": say.outcome(findings)})
    return {"resourceType": "Parameters", "parameter": parameters}


def _told(checked: Checked, languages: Sequence[str]) -> list[JsonObject]:
    coded, system, concept = checked.coded, checked.system, checked.concept
    found: list[JsonObject] = [{"name": "code", "valueCode": coded.code}]
    if coded.system:
        found.append({"name": "system", "valueUri": coded.system})
    if system is not None and system.version:
        found.append({"name": "version", "valueString": system.version})
    if concept is not None and system is not None:
        if concept.code != coded.code:
            found.append({"name": "normalized-code", "valueCode": concept.code})
        shown = display_in(concept, system.language, languages)
        if shown:
            found.append({"name": "display", "valueString": shown})
        if concept.is_inactive:
            found.append({"name": "inactive", "valueBoolean": True})
        if concept.status in _TOLD:
            found.append({"name": "status", "valueCode": concept.status})
    return found
