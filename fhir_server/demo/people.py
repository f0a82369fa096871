"""Two patients who do not exist, their laboratory messages and what their EMR sends.

Dates are counted back from the day of the demo, so that nobody ages and no result goes stale.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
_SNOMED = "http://snomed.info/sct"
_ICD10 = "http://hl7.org/fhir/sid/icd-10"
_ATC = "http://www.whocc.no/atc"


@dataclass(frozen=True, slots=True)
class Story:
    """One patient's way through the product.

    `expected` holds the primary figure of each model as the published equation gives it, computed
    apart from this product's graphs (tests/support/oracles.py; a test keeps the two equal).
    """

    name: str
    file: str
    charset: str
    message: str
    identifier: tuple[str, str]
    language: str
    region: str
    hook_request: dict[str, Any]
    expected: dict[str, float]


def stories(now: datetime) -> tuple[Story, Story]:
    """Return the Chinese and the English story, told on `now` (aware)."""
    return _zhang_wei(now), _mary_demo(now)


def _stamp(at: datetime) -> str:
    return at.strftime("%Y%m%d%H%M%S%z")


def _birthday(now: datetime, *, years: int) -> date:
    """Return a day of birth `years` and a half before `now`."""
    middle = now - timedelta(days=183)
    return date(middle.year - years, middle.month, 15)


def _zhang_wei(now: datetime) -> Story:
    born, taken = _birthday(now, years=58), now - timedelta(hours=4)
    message = "\r".join(
        [
            f"MSH|^~\\&|LIS|DEMOHOSP|ATTENDING|DEMOHOSP|{_stamp(now)}||ORU^R01|DEMO-ZH-1|P|2.4"
            "||||||GB18030",
            f"PID|1||000123456^^^DEMOHOSP^MR||张^伟||{born:%Y%m%d}|M|||中山路1号^^石家庄^河北省",
            "PV1|1|O|心内科门诊",
            "OBR|1|ORD-1001|LAB-2001|SHXZ^生化全套^99LIS|||"
            f"{_stamp(taken)}|||||||||||||||{_stamp(now)}||CH|F",
            _obx(1, "TC", "总胆固醇", "5.80", "mmol/L", "2.80-5.17", "H", taken),
            _obx(2, "HDL-C", "高密度脂蛋白胆固醇", "1.05", "mmol/L", "1.16-1.42", "L", taken),
            _obx(3, "LDL-C", "低密度脂蛋白胆固醇", "3.90", "mmol/L", "<3.37", "H", taken),
            _obx(4, "TG", "甘油三酯", "2.10", "mmol/L", "0.56-1.70", "H", taken),
            _obx(5, "CREA", "肌酐", "88", "umol/L", "57-97", "N", taken),
            _obx(6, "HBA1C", "糖化血红蛋白", "6.8", "%", "4.0-6.0", "H", taken),
            _obx(7, "UACR", "尿白蛋白/肌酐比值", "3.5", "mg/mmol", "<3.0", "H", taken),
            "",
        ]
    )
    patient = {
        "resourceType": "Patient",
        "id": "emr-1001",
        "extension": [
            {
                "url": "https://attending.org/fhir/StructureDefinition/lives-in-city",
                "valueBoolean": True,
            }
        ],
        "identifier": [{"system": "urn:id:DEMOHOSP", "value": "000123456"}],
        "name": [{"family": "张", "given": ["伟"]}],
        "gender": "male",
        "birthDate": born.isoformat(),
        "address": [{"state": "河北省", "city": "石家庄"}],
    }
    vitals = [
        _vital("sbp-1", "emr-1001", "8480-6", 152, "mm[Hg]", taken),
        _vital("waist-1", "emr-1001", "8280-0", 94, "cm", taken),
        _vital("bmi-1", "emr-1001", "39156-5", 27.4, "kg/m2", taken),
        _smoking("smoke-1", "emr-1001", "266919005", "从不吸烟", taken),
    ]
    conditions = [
        _condition("c-1", "emr-1001", _ICD10, "E11.900", "2型糖尿病"),
        _condition("c-2", "emr-1001", _ICD10, "I10.x00", "高血压"),
        _condition("c-3", "emr-1001", _ICD10, "Z82.400", "心血管病家族史"),
    ]
    drugs = [_drug("m-1", "emr-1001", "C08CA01", "氨氯地平")]
    return Story(
        name="张伟",
        file="lipids-renal-gb18030.hl7",
        charset="GB18030",
        message=message,
        identifier=("urn:id:DEMOHOSP", "000123456"),
        language="zh-CN",
        region="CN",
        hook_request=_request(patient, vitals, conditions, drugs, "A10BA02", "二甲双胍"),
        expected=ZHANG_WEI,
    )


def _mary_demo(now: datetime) -> Story:
    born, taken = _birthday(now, years=56), now - timedelta(hours=5)
    message = "\r".join(
        [
            f"MSH|^~\\&|LAB|DEMOCLINIC|ATTENDING|DEMOCLINIC|{_stamp(now)}||ORU^R01^ORU_R01"
            "|DEMO-EN-1|P|2.5.1||||||UNICODE UTF-8",
            f"PID|1||D-778899^^^DEMOCLINIC^MR||Demo^Mary||{born:%Y%m%d}|F|||1 Main St^^Boston^MA",
            "OBR|1|ORD-7|LAB-77|24323-8^Comprehensive metabolic panel^LN|||"
            f"{_stamp(taken)}|||||||||||||||{_stamp(now)}||CH|F",
            _loinc_obx(1, "2093-3", "Cholesterol", "220", "mg/dL", "<200", "H", taken),
            _loinc_obx(2, "2085-9", "HDL Cholesterol", "45", "mg/dL", ">50", "L", taken),
            _loinc_obx(3, "2160-0", "Creatinine", "1.02", "mg/dL", "0.51-0.95", "H", taken),
            _loinc_obx(4, "9318-7", "Albumin/Creatinine", "42", "mg/g", "<30", "H", taken),
            "",
        ]
    )
    patient = {
        "resourceType": "Patient",
        "id": "p-7",
        "identifier": [{"system": "urn:id:DEMOCLINIC", "value": "D-778899"}],
        "name": [{"family": "Demo", "given": ["Mary"]}],
        "gender": "female",
        "birthDate": born.isoformat(),
    }
    vitals = [
        _vital("sbp-7", "p-7", "8480-6", 146, "mm[Hg]", taken),
        _vital("bmi-7", "p-7", "39156-5", 31.2, "kg/m2", taken),
        _smoking("smoke-7", "p-7", "8517006", "Ex-smoker", taken),
    ]
    conditions = [_condition("c-7", "p-7", _ICD10, "I10", "Essential hypertension")]
    drugs = [_drug("m-7", "p-7", "C09AA03", "lisinopril")]
    return Story(
        name="Mary Demo",
        file="lipids-renal-utf8.hl7",
        charset="UTF-8",
        message=message,
        identifier=("urn:id:DEMOCLINIC", "D-778899"),
        language="en",
        region="US",
        hook_request=_request(patient, vitals, conditions, drugs, "C10AA05", "atorvastatin"),
        expected=MARY_DEMO,
    )


# Computed with tests/support/oracles.py from the values above.
ZHANG_WEI = {
    "china-par": 0.23446928520850097,
    "ckd-epi-2021": 87.7191537231596,
}
MARY_DEMO = {"ckd-epi-2021": 64.56689082059926, "prevent-base-10y": 0.07462591214124598}


def _obx(
    number: int, code: str, name: str, value: str, unit: str, usual: str, flag: str, at: datetime
) -> str:
    return f"OBX|{number}|NM|{code}^{name}^99LIS||{value}|{unit}|{usual}|{flag}|||F|||{_stamp(at)}"


def _loinc_obx(
    number: int, code: str, name: str, value: str, unit: str, usual: str, flag: str, at: datetime
) -> str:
    return (
        f"OBX|{number}|NM|{code}^{name}^LN||{value}|{unit}^{unit}^UCUM|{usual}|{flag}|||F"
        f"|||{_stamp(at)}"
    )


def _vital(
    id: str, patient: str, code: str, value: float, unit: str, at: datetime
) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": id,
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": at.isoformat(timespec="seconds"),
        "valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit},
    }


def _smoking(id: str, patient: str, code: str, text: str, at: datetime) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": id,
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "72166-2"}]},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": at.isoformat(timespec="seconds"),
        "valueCodeableConcept": {"coding": [{"system": _SNOMED, "code": code, "display": text}]},
    }


def _condition(id: str, patient: str, system: str, code: str, text: str) -> dict[str, Any]:
    status = "http://terminology.hl7.org/CodeSystem/condition-clinical"
    return {
        "resourceType": "Condition",
        "id": id,
        "clinicalStatus": {"coding": [{"system": status, "code": "active"}]},
        "code": {"coding": [{"system": system, "code": code, "display": text}]},
        "subject": {"reference": f"Patient/{patient}"},
    }


def _drug(id: str, patient: str, code: str, text: str, status: str = "active") -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "id": id,
        "status": status,
        "intent": "order",
        "medicationCodeableConcept": {"coding": [{"system": _ATC, "code": code, "display": text}]},
        "subject": {"reference": f"Patient/{patient}"},
    }


def _bundle(resources: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [{"resource": resource} for resource in resources],
    }


def _request(
    patient: dict[str, Any],
    vitals: list[dict[str, Any]],
    conditions: list[dict[str, Any]],
    drugs: list[dict[str, Any]],
    order_code: str,
    order_text: str,
) -> dict[str, Any]:
    order = _drug("order-1", patient["id"], order_code, order_text, status="draft")
    return {
        "hook": "order-sign",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {
            "userId": "Practitioner/demo",
            "patientId": patient["id"],
            "draftOrders": {"resourceType": "Bundle", "type": "collection",
                            "entry": [{"resource": order}]},
        },
        "prefetch": {
            "patient": patient,
            "observations": _bundle(vitals),
            "conditions": _bundle(conditions),
            "medications": _bundle(drugs),
        },
    }  # fmt: skip
