"""What is found about a code, in the words and kinds of the FHIR terminology ecosystem.

Source: https://build.fhir.org/ig/HL7/fhir-tx-ecosystem-ig (tx-issue-type, message ids). The texts
are those that clients of terminology servers know, hence not in the catalogues.
"""

from collections.abc import Iterable
from typing import Final, Literal, TypeAlias

import msgspec

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.outcome import TX_ISSUE_TYPE
from terminology.service.library import UnknownCodeSystem
from terminology.service.value_set import Used

_MESSAGE_ID: Final = "http://hl7.org/fhir/StructureDefinition/operationoutcome-message-id"
Severity: TypeAlias = Literal["error", "warning", "information"]


class Finding(msgspec.Struct, frozen=True):
    """One problem of a code: `code` is the issue type, `kind` that of terminology, `at` where.

    `is_said`: it stands in the message of the answer, too.
    """

    severity: Severity
    code: str
    kind: str
    text: str
    message_id: str
    at: str = ""
    is_said: bool = True


class Coded(msgspec.Struct, frozen=True):
    """A code as it was sent; `place` is the expression of its Coding, "" of a bare code."""

    code: str
    system: str = ""
    version: str = ""
    display: str = ""
    place: str = ""

    def at(self, name: str) -> str:
        """Return the expression of a child of the Coding, or the parameter of that name."""
        return f"{self.place}.{name}" if self.place else name

    @property
    def shown(self) -> str:
        """`system|version#code ('display')`, as far as it was sent."""
        version = f"|{self.version}" if self.version else ""
        display = f" ('{self.display}')" if self.display else ""
        return f"{self.system}{version}#{self.code}{display}"


def outcome(findings: Iterable[Finding]) -> JsonObject:
    """Return the OperationOutcome of findings."""
    return {"resourceType": "OperationOutcome", "issue": [_issue(each) for each in findings]}


def message(findings: Iterable[Finding]) -> str:
    """Return the findings as one text."""
    return "; ".join(sorted({each.text for each in findings if each.is_said}))


def _issue(finding: Finding) -> JsonObject:
    issue: JsonObject = {
        "extension": [{"url": _MESSAGE_ID, "valueString": finding.message_id}],
        "severity": finding.severity,
        "code": finding.code,
        "details": {
            "coding": [{"system": TX_ISSUE_TYPE, "code": finding.kind}],
            "text": finding.text,
        },
    }
    # R4 has both, and older clients read the first.
    place = [finding.at]
    return issue | ({"location": place, "expression": place} if finding.at else {})


def not_in_value_set(coded: Coded, value_set: str, *, of_several: bool) -> Finding:
    """The code is none of the value set; of a CodeableConcept another coding may be one."""
    return Finding(
        "information" if of_several else "error",
        "code-invalid",
        "this-code-not-in-vs" if of_several else "not-in-vs",
        f"The provided code '{coded.shown}' was not found in the value set '{value_set}'",
        "None_of_the_provided_codes_are_in_the_value_set_one",
        coded.at("code"),
        is_said=not of_several,
    )


def no_coding_in_value_set(value_set: str) -> Finding:
    """No coding of a CodeableConcept is one of the value set."""
    text = f"No valid coding was found for the value set '{value_set}'"
    return Finding("error", "code-invalid", "not-in-vs", text, "TX_GENERAL_CC_ERROR_MESSAGE")


def no_coding() -> Finding:
    """A CodeableConcept without a coding: a text is no code."""
    text = "The CodeableConcept has no coding; a text alone cannot be validated"
    return Finding("error", "invalid", "invalid-data", text, "TX_GENERAL_CC_ERROR_MESSAGE")


def unknown_code(coded: Coded, text: str, *, is_fragment: bool) -> Finding:
    """The code system has no such code; of a fragment it is not known whether it has."""
    return Finding(
        "warning" if is_fragment else "error",
        "code-invalid",
        "invalid-code",
        text,
        "UNKNOWN_CODE_IN_FRAGMENT" if is_fragment else "Unknown_Code_in_Version",
        coded.at("code"),
        is_said=not is_fragment,
    )


def unknown_system(coded: Coded, error: UnknownCodeSystem) -> Finding:
    """The code system, or this version of it, is not on this server."""
    text = error.told("the code cannot be validated")
    id = "UNKNOWN_CODESYSTEM_VERSION" if error.version else "UNKNOWN_CODESYSTEM"
    id += "_NONE" if error.version and not error.there else ""
    return Finding("error", "not-found", "not-found", text, id, coded.at("system"))


def other_version(coded: Coded, used: Used, *, is_held: bool) -> Finding:
    """The version of a Coding is not that of the value set.

    Where the value set names none and the Coding's is not here, that it is not says it.
    """
    head, tail = (
        f"The code system '{used.system.url}' version ",
        (f"the ValueSet include is different to the one in the value ('{coded.version}')"),
    )
    at = coded.at("version")
    if used.wanted != used.named:
        what = f"{head}'{used.wanted}' resulting from the version '{used.named}' in {tail}"
        id = "VALUESET_VALUE_MISMATCH_CHANGED"
        return Finding("error", "invalid", "vs-invalid", what, id, at)
    if used.named or is_held:
        what = f"{head}'{used.system.version}' in {tail}"
        return Finding("error", "invalid", "vs-invalid", what, "VALUESET_VALUE_MISMATCH", at)
    what = f"{head}'{used.system.version}' for the versionless include in {tail}"
    id = "VALUESET_VALUE_MISMATCH_DEFAULT"
    return Finding("warning", "invalid", "vs-invalid", what, id, at, is_said=False)


def version_refused(coded: Coded, text: str) -> Finding:
    """The version of a code system is not the one that the request checks for."""
    id = "VALUESET_VERSION_CHECK"
    return Finding("error", "exception", "version-error", text, id, coded.at("version"))


def no_system(coded: Coded) -> Finding:
    """A Coding without system."""
    text = (
        "Coding has no system. A code with no system has no defined meaning, and it cannot be "
        "validated. A system should be provided"
    )
    id = "Coding_has_no_system__cannot_validate"
    return Finding("warning", "invalid", "invalid-data", text, id, coded.place or "code")


def relative_system(coded: Coded) -> Finding:
    """A system that is no absolute URI."""
    text = "Coding.system must be an absolute reference, not a local reference"
    id = "Terminology_TX_System_Relative"
    return Finding("error", "invalid", "invalid-data", text, id, coded.at("system"))


def system_is_supplement(coded: Coded, canonical: str) -> Finding:
    """A system that is the url of a supplement: it has no codes of its own."""
    text = f"CodeSystem {canonical} is a supplement, so can't be used as a value in Coding.system"
    return Finding(
        "error", "invalid", "invalid-data", text, "CODESYSTEM_CS_NO_SUPPLEMENT", coded.at("system")
    )


def other_case(coded: Coded, code: str, system: str) -> Finding:
    """A code in other letters than its code system has, where case is no matter."""
    text = (
        f"The code '{coded.code}' differs from the correct code '{code}' by case. Although the "
        f"code system '{system}' is case insensitive, implementers are strongly encouraged to use "
        "the correct case anyway"
    )
    id, at = "CODE_CASE_DIFFERENCE", coded.at("code")
    return Finding("information", "business-rule", "code-rule", text, id, at, is_said=False)


def system_is_value_set(coded: Coded) -> Finding:
    """A system that is the url of a value set."""
    text = f"The Coding references a value set, not a code system ('{coded.system}')"
    id = "Terminology_TX_System_ValueSet2"
    return Finding("error", "invalid", "invalid-data", text, id, coded.at("system"))


def not_inferred(coded: Coded, value_set: str, systems: Iterable[str]) -> Finding:
    """A bare code that the value set has of no system, or of several `systems`."""
    text = (
        f"The System URI could not be determined for the code '{coded.code}' "
        f"in the ValueSet '{value_set}'"
    )
    id, several = "UNABLE_TO_INFER_CODESYSTEM", sorted(systems)
    if several:
        text += f": value set expansion has multiple matches: [{', '.join(several)}]"
        id = "Unable_to_resolve_system__value_set_has_multiple_matches"
    return Finding("error", "not-found", "cannot-infer", text, id, coded.at("code"))


def inactive(coded: Coded, status: str) -> Finding:
    """A concept that is used no more."""
    text = f"The concept '{coded.code}' has a status of {status} and its use should be reviewed"
    place = coded.place or "code"
    return Finding(
        "warning", "business-rule", "code-comment", text, "INACTIVE_CONCEPT_FOUND", place
    )


def deprecated(coded: Coded) -> Finding:
    """A concept that its code system deprecates."""
    text = f"The concept '{coded.code}' is deprecated and its use should be reviewed"
    place = coded.place or "code"
    id = "DEPRECATED_CONCEPT_FOUND"
    return Finding("warning", "business-rule", "code-comment", text, id, place)


def deprecated_in_value_set(coded: Coded, value_set: str) -> Finding:
    """A concept that the value set marks as one to be used no more."""
    text = (
        f"The presence of the concept '{coded.code}' in the system '{coded.system}' in the value "
        f"set {value_set} is marked with a status of deprecated and its use should be reviewed"
    )
    id, at = "CONCEPT_DEPRECATED_IN_VALUESET", coded.at("code")
    return Finding("warning", "business-rule", "code-comment", text, id, at, is_said=False)


def caution(type: str, canonical: str, status: str) -> Finding:
    """A code system or value set that its publisher does not stand by, or not yet."""
    text = f"Reference to {status} {type} {canonical}"
    id = f"MSG_{status.upper()}"
    return Finding("information", "business-rule", "status-check", text, id, is_said=False)


def inactive_refused(coded: Coded) -> Finding:
    """An inactive concept where only active ones are asked for."""
    text = f"The concept '{coded.code}' is valid but is not active"
    id = "STATUS_CODE_WARNING_CODE"
    return Finding("error", "business-rule", "code-rule", text, id, coded.at("code"))


def abstract_refused(coded: Coded) -> Finding:
    """A concept that groups others where one that can be chosen is asked for."""
    text = f"Code '{coded.system}#{coded.code}' is abstract, and not allowed in this context"
    id = "ABSTRACT_CODE_NOT_ALLOWED"
    return Finding("error", "business-rule", "code-rule", text, id, coded.at("code"))


def right_in_default(coded: Coded, asked: str) -> Finding:
    """A display that is right, where there is none in the language asked for."""
    text = (
        f"There are no valid display names found for the code {coded.system}#{coded.code} "
        f"for language(s) '{asked}'. The display is '{coded.display}' which is a valid display "
        "for the default language"
    )
    id, place = "NO_VALID_DISPLAY_FOUND_NONE_FOR_LANG_OK", coded.at("display")
    return Finding("information", "invalid", "invalid-display", text, id, place, is_said=True)


def ended_display(coded: Coded, status: str, right: Iterable[str]) -> Finding:
    """A display that was right once."""
    listed = ", ".join(f'"{each}"' for each in right)
    text = (
        f"'{coded.display}' is no longer considered a correct display for code '{coded.code}' "
        f"(status = {status}). The correct display is one of {listed}."
    )
    id, at = "INACTIVE_DISPLAY_FOUND", coded.at("display")
    return Finding("warning", "invalid", "display-comment", text, id, at, is_said=False)


def wrong_display(coded: Coded, text: str, id: str, *, is_lenient: bool) -> Finding:
    """A display that is none of the concept's."""
    severity: Severity = "warning" if is_lenient else "error"
    return Finding(severity, "invalid", "invalid-display", text, id, coded.at("display"))
