"""HL7 v2 tables to FHIR codes: the published mapping, and our decision where it is silent.

Source: HL7 "v2-to-FHIR" implementation guide (repository HL7/v2-to-fhir, folder mappings).
Rows marked `ours` are not in the guide; docs/reference/hl7v2-mapping.md gives the reasons.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ResultStatus:
    """What an OBX-11 code makes of an Observation.

    `rank` orders two messages of the same time: the later step of a result's life wins.
    `needs_time`: a result in this state is refused without a time of observation.
    `absent`: the code of data-absent-reason where the state itself says that there is no value.
    """

    status: str
    rank: int
    needs_time: bool = False
    absent: str | None = None


# Table 0085, observation result status.
OBSERVATION_STATUS: Final[Mapping[str, ResultStatus]] = {
    "A": ResultStatus("amended", 4, needs_time=True),
    "B": ResultStatus("amended", 4, needs_time=True),  # ours: appended, values unchanged
    "C": ResultStatus("corrected", 4, needs_time=True),
    "D": ResultStatus("entered-in-error", 6),
    "F": ResultStatus("final", 3, needs_time=True),
    "I": ResultStatus("registered", 1),  # ours: specimen in the lab, results pending
    "N": ResultStatus("cancelled", 5, absent="not-asked"),  # reason by the guide, status ours
    "O": ResultStatus("registered", 1),  # ours: order detail only, no result
    "P": ResultStatus("preliminary", 2, needs_time=True),
    "R": ResultStatus("preliminary", 2, needs_time=True),  # ours: entered, not verified
    "S": ResultStatus("preliminary", 2, needs_time=True),  # ours: partial (deprecated in 2.6)
    "U": ResultStatus("final", 3),  # ours: final, the preliminary value is not sent again
    "V": ResultStatus("final", 3, needs_time=True),  # ours: verified, no change to the value
    "W": ResultStatus("entered-in-error", 6),
    "X": ResultStatus("cancelled", 5, absent="unknown"),
}
# ours: a missing or unlisted code says nothing; `unknown` is never a model input.
UNKNOWN_RESULT: Final = ResultStatus("unknown", 0)
# The code that finalises a result without sending its value again.
FINALISED: Final = "U"

# Table 0123, result status of OBR-25; a code that is not here makes the report `unknown`.
REPORT_STATUS: Final[Mapping[str, str]] = {
    "A": "partial",  # ours: some, but not all, results available
    "C": "corrected",
    "F": "final",
    "I": "registered",
    "M": "preliminary",  # ours: corrected, not final
    "N": "registered",  # ours: procedure completed, results pending
    "O": "registered",
    "P": "preliminary",
    "R": "partial",
    "S": "registered",
    "X": "cancelled",
}
# The guide: an error. They answer a query and say that there is no such order or patient.
REFUSED_REPORT: Final = frozenset(("Y", "Z"))

# Table 0038, order status (ORC-5); A is ours.
ORDER_STATUS: Final[Mapping[str, str]] = {
    "A": "active",
    "CA": "revoked",
    "CM": "completed",
    "DC": "revoked",
    "ER": "entered-in-error",
    "HD": "on-hold",
    "IP": "active",
    "RP": "revoked",
    "SC": "active",
}
# Table 0119, order control (ORC-1), where ORC-5 is empty.
ORDER_CONTROL: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("AF", "CA", "HD", "NW", "OK", "PR", "PY", "RL", "RO", "RQ"),
        "active",
    ),
    **dict.fromkeys(("CR", "DC", "DF", "DR", "OC", "OD"), "revoked"),
    **dict.fromkeys(("HR", "OH"), "on-hold"),
    "FU": "completed",
}
# ours: an ORC that only announces results (RE), or none: the order is as far as its report.
ORDER_BY_REPORT: Final[Mapping[str, str]] = {
    "C": "completed",
    "F": "completed",
    "X": "revoked",
    **dict.fromkeys(("A", "I", "M", "N", "O", "P", "R", "S"), "active"),
}

# Table 0001, administrative sex.
GENDER: Final[Mapping[str, str]] = {
    "A": "other",
    "F": "female",
    "M": "male",
    "N": "other",
    "O": "other",
    "U": "unknown",
}

# Table 0200, name type.
NAME_USE: Final[Mapping[str, str]] = {
    "BAD": "old",
    "D": "usual",
    "L": "official",
    "M": "maiden",
    "MSK": "anonymous",
    "N": "nickname",
    "NAV": "temp",
    "R": "official",
    "TEMP": "temp",
}

# Table 0190, address type.
ADDRESS_USE: Final[Mapping[str, str]] = {
    "B": "work",
    "BA": "old",
    "BI": "billing",
    "C": "temp",
    "H": "home",
    "O": "work",
}
ADDRESS_TYPE: Final[Mapping[str, str]] = {"M": "postal", "SH": "postal"}

# Table 0201, telecommunication use; table 0202, equipment (CP is a use in FHIR: mobile).
TELECOM_USE: Final[Mapping[str, str]] = {"PRN": "home", "PRS": "mobile", "WPN": "work"}
TELECOM_SYSTEM: Final[Mapping[str, str]] = {
    "BP": "pager",
    "CP": "phone",
    "FX": "fax",
    "Internet": "email",
    "MD": "other",
    "PH": "phone",
    "SAT": "other",
    "TDD": "other",
    "TTY": "other",
    "X.400": "email",
}

# Table 0004, patient class; C, N and B have no code in v3-ActCode and stay table 0004.
ENCOUNTER_CLASS: Final[Mapping[str, str]] = {
    "E": "EMER",
    "I": "IMP",
    "O": "AMB",
    "P": "PRENC",
    "R": "AMB",  # ours: a recurring patient comes and goes
}

# Table 0485, priority (OBR-5).
PRIORITY: Final[Mapping[str, str]] = {"A": "asap", "R": "routine", "S": "stat"}

# Table 0078, interpretation codes; AC, HM, OBX, QCF and TOX are inactive in FHIR and stay coded
# as table 0078.
INTERPRETATION: Final[Mapping[str, str]] = {
    "<": "Off scale low",
    ">": "Off scale high",
    "A": "Abnormal",
    "AA": "Critical abnormal",
    "B": "Better",
    "CAR": "Carrier",
    "D": "Significant change down",
    "DET": "Detected",
    "E": "Equivocal",
    "EX": "outside threshold",
    "EXP": "Expected",
    "H": "High",
    "HH": "Critical high",
    "HU": "Significantly high",
    "I": "Intermediate",
    "IE": "Insufficient evidence",
    "IND": "Indeterminate",
    "L": "Low",
    "LL": "Critical low",
    "LU": "Significantly low",
    "MS": "moderately susceptible",
    "N": "Normal",
    "NCL": "No CLSI defined breakpoint",
    "ND": "Not detected",
    "NEG": "Negative",
    "NR": "Non-reactive",
    "NS": "Non-susceptible",
    "POS": "Positive",
    "R": "Resistant",
    "RR": "Reactive",
    "S": "Susceptible",
    "SDD": "Susceptible-dose dependent",
    "SYN-R": "Synergy - resistant",
    "SYN-S": "Synergy - susceptible",
    "U": "Significant change up",
    "UNE": "Unexpected",
    "VS": "very susceptible",
    "W": "Worse",
    "WR": "Weakly reactive",
}
INTERPRETATION_INACTIVE: Final = frozenset(("AC", "HM", "OBX", "QCF", "TOX"))

# Table 0074, diagnostic service section (OBR-24), to Observation.category (ours).
CATEGORY: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        [
            "BG",
            "BLB",
            "CH",
            "CP",
            "CTH",
            "HM",
            "IMM",
            "LAB",
            "MB",
            "MCB",
            "MYC",
            "OSL",
            "PAT",
            "SP",
            "SR",
            "TX",
            "URN",
            "VR",
        ],
        "laboratory",
    ),
    **dict.fromkeys(
        ["CT", "CUS", "NMR", "NMS", "OUS", "RAD", "RUS", "RX", "VUS", "XRC"], "imaging"
    ),
}
# R4 observation-vitalsigns.html: with one of these codes an Observation is a vital sign.
VITAL_SIGNS: Final = frozenset(
    [
        "85353-1",
        "9279-1",
        "8867-4",
        "2708-6",
        "8310-5",
        "8302-2",
        "9843-4",
        "29463-7",
        "39156-5",
        "85354-9",
        "8480-6",
        "8462-4",
        "8478-0",
        "59408-5",
    ]
)
