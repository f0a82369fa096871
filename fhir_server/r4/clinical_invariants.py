"""R4's own rules within clinical, administrative and financial resources, with HL7's keys."""

from collections.abc import Mapping
from datetime import UTC

from fhir_server.r4.dates import instant_range
from fhir_server.r4.invariant_rules import (
    UCUM,
    Invariant,
    JsonObject,
    Rule,
    any_of,
    codings,
    count,
    either,
    has,
    needs,
    not_both,
    only_when,
    together,
)

_ALLERGY_STATUS = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"


def _value_is_not_a_components(observation: JsonObject) -> bool:
    if "component" not in observation or not has(observation, "value[x]"):
        return True
    own = codings(observation["code"]) if "code" in observation else set()
    return not any(own & codings(c["code"]) for c in observation["component"] if "code" in c)


def _is_entered_in_error(condition: JsonObject) -> bool:
    return any(
        code == "entered-in-error" for _, code in codings(condition.get("verificationStatus", {}))
    )


def _allergy_is_wrong(allergy: JsonObject) -> bool:
    concept = allergy.get("verificationStatus", {})
    return (_ALLERGY_STATUS, "entered-in-error") in codings(concept)


def _abated_is_not_active(condition: JsonObject) -> bool:
    if not has(condition, "abatement[x]"):
        return True
    ended = {"inactive", "resolved", "remission"}
    return any(code in ended for _, code in codings(condition.get("clinicalStatus", {})))


def _is_percentage(quantity: JsonObject | None) -> bool:
    return quantity is None or (quantity.get("code"), quantity.get("system")) == ("%", UCUM)


def _not_at_home(name: str) -> Rule:
    return lambda node: all(item.get("use") != "home" for item in node.get(name, ()))


def _handed_over_after_prepared(dispense: JsonObject) -> bool:
    if not ("whenHandedOver" in dispense and "whenPrepared" in dispense):
        return True
    # Refused where it is certain: dates of unlike precision may overlap.
    _, end = instant_range(dispense["whenHandedOver"], default_zone=UTC)
    start, _ = instant_range(dispense["whenPrepared"], default_zone=UTC)
    return end > start


def _consent_names_patient(code: str) -> Rule:
    # The published expression names the system "something": it is applied as published.
    return lambda node: (
        has(node, "patient") or ("something", code) not in codings(node.get("scope", {}))
    )


def _scheduled(appointment: JsonObject) -> bool:
    timed = has(appointment, "start") and has(appointment, "end")
    return timed or appointment.get("status") in ("proposed", "cancelled", "waitlist")


def _on_behalf_of_suits(participant: JsonObject) -> bool:
    reference = participant.get("member", {}).get("reference", "")
    kind = participant.get("member", {}).get("type") or reference.rpartition("/")[0]
    # A member that cannot be resolved is let pass, as the published expression does.
    return (
        not has(participant, "onBehalfOf")
        or not kind
        or ("PractitionerRole" not in kind and kind.rpartition("/")[2] not in _OTHER_MEMBERS)
    )


def _modified_after_authored(task: JsonObject) -> bool:
    if not ("lastModified" in task and "authoredOn" in task):
        return True
    _, end = instant_range(task["lastModified"], default_zone=UTC)
    start, _ = instant_range(task["authoredOn"], default_zone=UTC)
    return end > start


_OTHER_MEMBERS = frozenset({"RelatedPerson", "Patient", "Organization", "CareTeam"})

CLINICAL_INVARIANTS: Mapping[str, tuple[Invariant, ...]] = {
    "AllergyIntolerance": (
        Invariant(
            "ait-1",
            "AllergyIntolerance.clinicalStatus SHALL be present if verificationStatus is not "
            "entered-in-error.",
            lambda node: _allergy_is_wrong(node) or has(node, "clinicalStatus"),
            "clinicalStatus",
        ),
        Invariant(
            "ait-2",
            "AllergyIntolerance.clinicalStatus SHALL NOT be present if verification Status is "
            "entered-in-error",
            lambda node: not (_allergy_is_wrong(node) and has(node, "clinicalStatus")),
            "clinicalStatus",
        ),
    ),
    "Appointment": (
        Invariant(
            "app-2", "Either start and end are specified, or neither", together("start", "end")
        ),
        Invariant(
            "app-3",
            "Only proposed or cancelled appointments can be missing start/end dates",
            _scheduled,
            "start",
        ),
        Invariant(
            "app-4",
            "Cancelation reason is only used for appointments that have been cancelled, or no-show",
            only_when("cancelationReason", "status", "noshow", "cancelled"),
            "cancelationReason",
        ),
    ),
    "Appointment.participant": (
        Invariant(
            "app-1",
            "Either the type or actor on the participant SHALL be specified",
            any_of("type", "actor"),
        ),
    ),
    "AppointmentResponse": (
        Invariant(
            "apr-1",
            "Either the participantType or actor must be specified",
            any_of("participantType", "actor"),
        ),
    ),
    "AuditEvent.entity": (
        Invariant("sev-1", "Either a name or a query (NOT both)", not_both("name", "query")),
    ),
    "CarePlan.activity": (
        Invariant(
            "cpl-3", "Provide a reference or detail, not both", not_both("detail", "reference")
        ),
    ),
    "CareTeam.participant": (
        Invariant(
            "ctm-1",
            "CareTeam.participant.onBehalfOf can only be populated when "
            "CareTeam.participant.member is a Practitioner",
            _on_behalf_of_suits,
            "onBehalfOf",
        ),
    ),
    "Composition.section": (
        Invariant(
            "cmp-1",
            "A section must contain at least one of text, entries, or sub-sections",
            any_of("text", "entry", "section"),
        ),
        Invariant(
            "cmp-2",
            "A section can only have an emptyReason if it is empty",
            not_both("emptyReason", "entry"),
            "emptyReason",
        ),
    ),
    "Condition": (
        Invariant(
            "con-4",
            "If condition is abated, then clinicalStatus must be either inactive, resolved, or "
            "remission",
            _abated_is_not_active,
            "clinicalStatus",
        ),
        Invariant(
            "con-5",
            "Condition.clinicalStatus SHALL NOT be present if verification Status is "
            "entered-in-error",
            lambda node: not (has(node, "clinicalStatus") and _is_entered_in_error(node)),
            "clinicalStatus",
        ),
    ),
    "Condition.evidence": (
        Invariant("con-2", "evidence SHALL have code or details", any_of("code", "detail")),
    ),
    "Condition.stage": (
        Invariant(
            "con-1", "Stage SHALL have summary or assessment", any_of("summary", "assessment")
        ),
    ),
    "Consent": (
        Invariant("ppc-1", "Either a Policy or PolicyRule", any_of("policy", "policyRule")),
        *(
            Invariant(
                key,
                f"IF Scope={name}, there must be a patient",
                _consent_names_patient(code),
                "patient",
            )
            for key, name, code in (
                ("ppc-2", "privacy", "patient-privacy"),
                ("ppc-3", "research", "research"),
                ("ppc-4", "adr", "adr"),
                ("ppc-5", "treatment", "treatment"),
            )
        ),
    ),
    "CoverageEligibilityResponse.insurance.item": (
        Invariant(
            "ces-1",
            "SHALL contain a category or a billcode but not both.",
            either("category", "productOrService"),
        ),
    ),
    "FamilyMemberHistory": (
        Invariant(
            "fhs-1", "Can have age[x] or born[x], but not both", not_both("age[x]", "born[x]")
        ),
        Invariant(
            "fhs-2",
            "Can only have estimatedAge if age[x] is present",
            needs("estimatedAge", "age[x]"),
            "estimatedAge",
        ),
    ),
    "Goal.target": (
        Invariant(
            "gol-1",
            "Goal.target.measure is required if Goal.target.detail is populated",
            needs("detail[x]", "measure"),
            "measure",
        ),
    ),
    "Group": (
        Invariant(
            "grp-1",
            'Can only have members if group is "actual"',
            lambda node: not has(node, "member") or node.get("actual") is True,
            "member",
        ),
    ),
    "Immunization.education": (
        Invariant(
            "imm-1",
            "One of documentType or reference SHALL be present",
            any_of("documentType", "reference"),
        ),
    ),
    "ImmunizationRecommendation.recommendation": (
        Invariant(
            "imr-1",
            "One of vaccineCode or targetDisease SHALL be present",
            any_of("vaccineCode", "targetDisease"),
        ),
    ),
    "InsurancePlan": (
        Invariant(
            "ipn-1",
            "The organization SHALL at least have a name or an idendtifier, and possibly more than "
            "one",
            any_of("identifier", "name"),
        ),
    ),
    "Linkage": (
        Invariant(
            "lnk-1", "Must have at least two items", lambda node: count(node, "item") > 1, "item"
        ),
    ),
    "List": (
        Invariant(
            "lst-1",
            "A list can only have an emptyReason if it is empty",
            not_both("emptyReason", "entry"),
            "emptyReason",
        ),
        Invariant(
            "lst-2",
            'The deleted flag can only be used if the mode of the list is "changes"',
            lambda node: (
                node.get("mode") == "changes"
                or not any(has(entry, "deleted") for entry in node.get("entry", ()))
            ),
            "entry",
        ),
        Invariant(
            "lst-3",
            'An entry date can only be used if the mode of the list is "working"',
            lambda node: (
                node.get("mode") == "working"
                or not any(has(entry, "date") for entry in node.get("entry", ()))
            ),
            "entry",
        ),
    ),
    "MedicationAdministration.dosage": (
        Invariant(
            "mad-1",
            "SHALL have at least one of dosage.dose or dosage.rate[x]",
            any_of("dose", "rate[x]"),
        ),
    ),
    "MedicationDispense": (
        Invariant(
            "mdd-1",
            "whenHandedOver cannot be before whenPrepared",
            _handed_over_after_prepared,
            "whenHandedOver",
        ),
    ),
    "MolecularSequence": (
        Invariant(
            "msq-3",
            "Only 0 and 1 are valid for coordinateSystem",
            lambda node: node.get("coordinateSystem") in (0, 1),
            "coordinateSystem",
        ),
    ),
    "MolecularSequence.referenceSeq": (
        Invariant(
            "msq-5",
            "GenomeBuild and chromosome must be both contained if either one of them is contained",
            together("chromosome", "genomeBuild"),
        ),
        Invariant(
            "msq-6",
            "Have and only have one of the following elements in referenceSeq : 1. genomeBuild ; "
            "2 referenceSeqId; 3. referenceSeqPointer; 4. referenceSeqString;",
            lambda node: (
                sum(
                    count(node, name)
                    for name in (
                        *("genomeBuild", "referenceSeqId"),
                        *("referenceSeqPointer", "referenceSeqString"),
                    )
                )
                == 1
            ),
        ),
    ),
    "Observation": (
        Invariant(
            "obs-6",
            "dataAbsentReason SHALL only be present if Observation.value[x] is not present",
            not_both("dataAbsentReason", "value[x]"),
            "dataAbsentReason",
        ),
        Invariant(
            "obs-7",
            "If Observation.code is the same as an Observation.component.code then the value "
            "element associated with the code SHALL NOT be present",
            _value_is_not_a_components,
            "value",
        ),
    ),
    "Observation.referenceRange": (
        Invariant(
            "obs-3", "Must have at least a low or a high or text", any_of("low", "high", "text")
        ),
    ),
    "Organization": (
        Invariant(
            "org-1",
            "The organization SHALL at least have a name or an identifier",
            any_of("name", "identifier"),
        ),
        Invariant(
            "org-2",
            "An address of an organization can never be of use 'home'",
            _not_at_home("address"),
            "address",
        ),
        Invariant(
            "org-3",
            "The telecom of an organization can never be of use 'home'",
            _not_at_home("telecom"),
            "telecom",
        ),
    ),
    "Patient.contact": (
        Invariant(
            "pat-1",
            "SHALL at least contain a contact's details or a reference to an organization",
            any_of("name", "telecom", "address", "organization"),
        ),
    ),
    "RequestGroup.action": (
        Invariant(
            "rqg-1", "Must have resource or action but not both", either("resource", "action")
        ),
    ),
    "RiskAssessment.prediction": (
        Invariant(
            "ras-1",
            'low and high must be percentages, if present (system UCUM, code "%")',
            lambda node: all(
                _is_percentage(node.get("probabilityRange", {}).get(end)) for end in ("low", "high")
            ),
            "probabilityRange",
        ),
        Invariant(
            "ras-2",
            "A decimal probability must be <= 100",
            lambda node: node.get("probabilityDecimal", 0) <= 100,
            "probabilityDecimal",
        ),
    ),
    "ServiceRequest": (
        Invariant(
            "prr-1",
            "orderDetail SHALL only be present if code is present",
            needs("orderDetail", "code"),
            "orderDetail",
        ),
    ),
    "Task": (
        Invariant(
            "inv-1",
            "Last modified date must be greater than or equal to authored-on date.",
            _modified_after_authored,
            "lastModified",
        ),
    ),
}
