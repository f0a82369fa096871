"""A message of the corpus: its bytes, what it shows, and what must come of it.

What must come of it is written by hand from what the message means; nothing here asks the server.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

Result: TypeAlias = dict[str, Any]

# Table 0211 names as senders write them, and the codec that writes the bytes.
CODECS: Final[Mapping[str, str]] = {
    "GB18030": "gb18030",
    "GB 18030-2000": "gb18030",
    "GBK": "gbk",
    "GB2312": "gb2312",
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
    "BIG-5": "big5",
    "": "utf-8",
}

# Units as laboratories print them, and their UCUM codes (UCUM 2.1); None: UCUM has no such unit.
UCUM: Final[Mapping[str, str | None]] = {
    "": None,
    "%": "%",
    "/HP": "/[HPF]",
    "10^12/L": "10*12/L",
    "10^9/L": "10*9/L",
    "COI": None,
    "IU/L": "[IU]/L",
    "IU/mL": "[IU]/mL",
    "IU/ml": "[IU]/mL",
    "S/CO": None,
    "U/L": "U/L",
    "U/mL": "U/mL",
    "cells/μL": "/uL",
    "fL": "fL",
    "fl": "fL",
    "g/L": "g/L",
    "mL/min/1.73m²": "mL/min/{1.73_m2}",
    "mIU/L": "m[IU]/L",
    "mg/L": "mg/L",
    "mg/L FEU": "mg/L{FEU}",
    "mg/dL": "mg/dL",
    "mg/g": "mg/g",
    "mg/mmol": "mg/mmol",
    "mm/h": "mm/h",
    "mmHg": "mm[Hg]",
    "mmol/L": "mmol/L",
    "ng/L": "ng/L",
    "ng/mL": "ng/mL",
    "ng/ml": "ng/mL",
    "nmol/L": "nmol/L",
    "pg": "pg",
    "pg/mL": "pg/mL",
    "pg/ml": "pg/mL",
    "pmol/L": "pmol/L",
    "s": "s",
    "umol/L": "umol/L",
    "ug/L": "ug/L",
    "×10^12/L": "10*12/L",
    "×10^9/L": "10*9/L",
    "μIU/mL": "u[IU]/mL",
    "μg/L": "ug/L",
    "μmol/L": "umol/L",
    "个/HP": "/[HPF]",
    "个/μL": "/uL",
    "毫摩尔/升": "mmol/L",
    "秒": "s",
    "次/分": "/min",
    "℃": "Cel",
}


@dataclass(frozen=True, slots=True)
class Message:
    """One file of the corpus.

    `charset` is what MSH-18 says, `codec` what the bytes are in ("" the declared one). `after`
    are messages that came before; `policy` what the hospital has set. `patient`, `results` and
    `resources` (how many by type, Provenance aside) are what the store then holds.
    """

    name: str
    shows: str
    lines: Sequence[str]
    charset: str = "GB18030"
    codec: str = ""
    after: tuple[str, ...] = ()
    policy: Mapping[str, str] = field(default_factory=dict)
    line_end: str = "\r"
    prefix: bytes = b""
    code: str = "AA"
    error: tuple[str, str] | None = None
    warnings: tuple[tuple[str, str], ...] = ()
    patient: Mapping[str, Any] | None = None
    resources: Mapping[str, int] = field(default_factory=dict)
    results: Sequence[Result] = ()
    left_out: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.name}.hl7"

    def raw(self) -> bytes:
        """The bytes as they are sent, without MLLP blocks."""
        text = self.line_end.join(self.lines) + self.line_end
        return self.prefix + text.encode(self.codec or CODECS[self.charset])

    def entry(self) -> dict[str, Any]:
        """The entry of the manifest: nothing that is empty."""
        found: dict[str, Any] = {
            "file": self.file,
            "shows": self.shows,
            "charset": self.charset,
            "after": [f"{name}.hl7" for name in self.after],
            "policy": dict(self.policy),
            "acknowledgment": self.code,
            "error": list(self.error or ()),
            "warnings": [list(each) for each in self.warnings],
            "patient": dict(self.patient or {}),
            "resources": dict(self.resources),
            "results": list(self.results),
            "left_out": list(self.left_out),
            "texts": list(self.texts),
        }
        return {name: value for name, value in found.items() if value not in ([], {}, "")}


@dataclass(frozen=True, slots=True)
class Person:
    """An invented patient."""

    number: str
    family: str
    given: str
    born: str
    sex: str
    more: str = ""

    def pid(self, *, assigner: str = "DEMOHOSP", sequence: int = 1) -> str:
        """Their PID."""
        own = f"{self.number}^^^{assigner}^MR" if assigner else self.number
        listed = f"{own}~{self.more}" if self.more else own
        name = f"{self.family}^{self.given}"
        return f"PID|{sequence}||{listed}||{name}||{self.born}|{self.sex}"

    def expected(self) -> dict[str, Any]:
        """What the store must say of them."""
        born = self.born
        return {
            "number": self.number,
            "name": self.family + self.given,
            "gender": {"M": "male", "F": "female"}[self.sex],
            "birthDate": f"{born[:4]}-{born[4:6]}-{born[6:8]}",
        }


@dataclass(frozen=True, slots=True)
class Vendor:
    """How one make of laboratory system writes: its names, version, coding system, set."""

    application: str
    facility: str
    version: str
    charset: str
    system: str = ""
    zone: str = "+0800"

    def msh(
        self, control_id: str, type: str = "ORU^R01", *, charset: str | None = None, at: str = ""
    ) -> str:
        """The header of one of its messages."""
        declared = self.charset if charset is None else charset
        sent = at or f"20261120103500{self.zone}"
        head = f"MSH|^~\\&|{self.application}|{self.facility}|ATTENDING|{self.facility}|{sent}"
        # MSH-18 stands six fields behind MSH-12.
        tail = f"||||||{declared}" if declared else ""
        return f"{head}||{type}|{control_id}|P|{self.version}{tail}"

    def coded(self, code: str, name: str) -> str:
        """A code of its own as CE."""
        return f"{code}^{name}^{self.system}".rstrip("^")


# Their coding system is a registered local one, none at all, `L`, or with LOINC beside it.
DEMO: Final = Vendor("LIS", "DEMOHOSP", "2.4", "GB18030", "99LIS")
NAMELESS: Final = Vendor("检验系统", "YANGLI", "2.3.1", "GBK", "", zone="")
MODERN: Final = Vendor("LabLink", "SHIFAN", "2.5.1", "UNICODE UTF-8", "L")
ANALYSER: Final = Vendor("AUTOLAB", "JIANYAN", "2.3.1", "UNICODE UTF-8", "99JY", zone="")


def obr(
    number: int, service: str, *, filler: str = "", status: str = "F", at: str = "", to: str = ""
) -> str:
    """An OBR: the order of a panel, observed at eight in the morning unless told otherwise."""
    observed = at or "20261120080000+0800"
    placer = f"Y{filler}" if filler else ""
    head = f"OBR|{number}|{placer}|{filler}|{service}|||{observed}|{to}"
    return f"{head}||||||||||||||20261120103000+0800||CH|{status}"


def obx(
    number: int,
    code: str,
    value: str,
    unit: str = "",
    *,
    kind: str = "NM",
    sub: str = "",
    range: str = "",
    flag: str = "",
    status: str = "F",
    at: str = "",
) -> str:
    """An OBX; every text as it stands between the separators."""
    return f"OBX|{number}|{kind}|{code}|{sub}|{value}|{unit}|{range}|{flag}|||{status}|||{at}"


def measured(code: str, value: str, unit: str, **more: Any) -> Result:
    """What must be stored of a number: its digits, its unit as shown, its UCUM code."""
    known = {"unit": unit} if unit else {}
    ucum = UCUM[unit]
    coded = {"ucum": ucum} if ucum else {}
    return {"code": code, "status": "final", "value": value, **known, **coded, **more}


def said(code: str, text: str, **more: Any) -> Result:
    """What must be stored of a result in words."""
    return {"code": code, "status": "final", "text": text, **more}
