"""A LOINC release of made-up terms, in the layout of version 2.80."""

from tests.unit.terminology.loaders.deliveries import Table, csv_of, loinc_code

TESTASE = loinc_code(9000001)
TESTASE_URINE = loinc_code(9000002)
OLD = loinc_code(9000003)
COLOUR = loinc_code(9000004)
SCAN = loinc_code(9000005)
AXES = ("COMPONENT", "PROPERTY", "TIME_ASPCT", "SYSTEM", "SCALE_TYP", "METHOD_TYP")


def term(code: str, name: str, *axes: str, **more: str) -> dict[str, str]:
    about = {"CLASS": "CHEM", "CLASSTYPE": "1", "STATUS": "ACTIVE", "VersionLastChanged": "2.9"}
    named = {"LOINC_NUM": code, "LONG_COMMON_NAME": name}
    return named | dict(zip(AXES, (*axes, ""), strict=False)) | about | more


def tables() -> dict[str, Table]:
    """Every file of the release as its rows."""
    return {**_terms(), **_parts(), **_answers(), **_further()}


def _terms() -> dict[str, Table]:
    return {
        "LoincTable/Loinc.csv": [
            term(
                TESTASE, "Testase [Mass/volume] in Serum", "Testase", "MCnc", "Pt", "Ser", "Qn",
                SHORTNAME="Testase Ser-mCnc", DisplayName="Testase (S) [Mass/Vol]",
                DefinitionDescription="A made-up enzyme.\nOf two lines.",
                RELATEDNAMES2="Tst; Phantom enzyme", EXAMPLE_UCUM_UNITS="mg/dL",
                UNITSREQUIRED="Y", VersionLastChanged="2.10", ORDER_OBS="Both",
            ),
            term(TESTASE_URINE, 'Testase "free" in Urine', "Testase", "MCnc", "Pt", "Ur", "Qn"),
            term(OLD, "Testase in Blood", "Testase", "MCnc", "Pt", "Bld", "Qn",
                 STATUS="DEPRECATED"),
            term(COLOUR, "Colour of Urine", "Colour", "Type", "Pt", "Ur", "Nom",
                 STATUS="TRIAL", EXTERNAL_COPYRIGHT_NOTICE="(c) Somebody"),
            term(SCAN, "XX Head Scan", "Scan", "Find", "Pt", "Head", "Nar", CLASS="RAD"),
        ],
        "LoincTable/MapTo.csv": [
            {"LOINC": OLD, "MAP_TO": TESTASE, "COMMENT": "where serum was meant"},
        ],
        "AccessoryFiles/ConsumerName/ConsumerName.csv": [
            {"LoincNumber": TESTASE, "ConsumerName": "Testase, Blood"},
        ],
    }  # fmt: skip


def _parts() -> dict[str, Table]:
    return {
        "AccessoryFiles/PartFile/Part.csv": [
            part("LP1-1", "COMPONENT", "Testase", "Testase enzyme"),
            part("LP2-2", "SYSTEM", "Ser", "Serum"),
            part("LP3-3", "CLASS", "CHEM", "Chemistry"),
            part("LP4-4", "METHOD", "Gone", "Gone", Status="DEPRECATED"),
            part("LP5-5", "Rad.Modality.Modality Type", "XX", "XX"),
        ],
        "AccessoryFiles/PartFile/LoincPartLink_Primary.csv": [
            link(TESTASE, "LP1-1", "Testase", "COMPONENT"),
            link(TESTASE, "LP2-2", "Ser", "SYSTEM"),
            link(TESTASE_URINE, "LP1-1", "Testase", "COMPONENT"),
        ],
        "AccessoryFiles/PartFile/LoincPartLink_Supplementary.csv": [
            link(TESTASE, "LP3-3", "CHEM", "CLASS"),
            link(TESTASE, "LP1-1", "Testase", "analyte"),
            link(TESTASE, "LP1-1", "Testase", "newly-thought-of"),
        ],
        "AccessoryFiles/ComponentHierarchyBySystem/ComponentHierarchyBySystem.csv": [
            node("", "LP9-9", "{component}"),
            node("LP9-9", "LP1-1", "Testase"),
            node("LP1-1", "LP10-8", "Testase | Serum"),
            node("LP10-8", TESTASE, "Testase Ser-mCnc"),
            node("LP1-1", TESTASE_URINE, "Testase Ur"),
        ],
    }


def _answers() -> dict[str, Table]:
    return {
        "AccessoryFiles/AnswerFile/AnswerList.csv": [
            answer("LL1-1", "Colours", "LA2-2", "2", "Yellow"),
            answer("LL1-1", "Colours", "LA1-1", "1", "Red"),
            answer("LL2-2", "Warnings", "LA1-1", "1", "Red"),
            answer("LL3-3", "Elsewhere", "", "", "", ExtDefinedYN="Y"),
        ],
        "AccessoryFiles/AnswerFile/LoincAnswerListLink.csv": [
            {"LoincNumber": COLOUR, "AnswerListId": "LL1-1", "AnswerListLinkType": "NORMATIVE"},
        ],
        "AccessoryFiles/GroupFile/GroupLoincTerms.csv": [
            {"Category": "Lab", "GroupId": "LG1-1", "LoincNumber": TESTASE},
            {"Category": "Lab", "GroupId": "LG1-1", "LoincNumber": TESTASE_URINE},
        ],
    }


def _further() -> dict[str, Table]:
    return {
        "AccessoryFiles/LoincRsnaRadiologyPlaybook/LoincRsnaRadiologyPlaybook.csv": [
            {
                "LoincNumber": SCAN, "LongCommonName": "XX Head Scan", "PartNumber": "LP5-5",
                "PartTypeName": "Rad.Modality.Modality Type", "PartName": "XX",
                "PartSequenceOrder": "A", "RID": "RID99901", "PreferredName": "made-up modality",
                "RPID": "RPID99", "LongName": "XX HEAD",
            },
        ],
        "AccessoryFiles/LinguisticVariants/LinguisticVariants.csv": [
            {"ID": "5", "ISO_LANGUAGE": "zh", "ISO_COUNTRY": "CN"},
            {"ID": "15", "ISO_LANGUAGE": "de", "ISO_COUNTRY": "DE"},
        ],
        "AccessoryFiles/LinguisticVariants/zhCN5LinguisticVariant.csv": [
            variant(TESTASE, "测试酶", "质量浓度", "时间点", "血清", "定量型",
                    RELATEDNAMES2="假想酵素;血"),
            variant(COLOUR, "颜色", "", "", "", ""),
        ],
        "AccessoryFiles/LinguisticVariants/deDE15LinguisticVariant.csv": [
            variant(TESTASE, LONG_COMMON_NAME="Testase [Masse/Volumen] in Serum"),
        ],
    }  # fmt: skip


def part(code: str, kind: str, name: str, shown: str, **more: str) -> dict[str, str]:
    told = {"PartNumber": code, "PartTypeName": kind, "PartName": name, "PartDisplayName": shown}
    return told | {"Status": "ACTIVE"} | more


def link(code: str, number: str, name: str, property: str) -> dict[str, str]:
    of = {"LoincNumber": code, "PartNumber": number, "PartName": name}
    return of | {"Property": f"http://loinc.org/property/{property}"}


def node(parent: str, code: str, text: str) -> dict[str, str]:
    return {"PATH_TO_ROOT": "", "IMMEDIATE_PARENT": parent, "CODE": code, "CODE_TEXT": text}


def answer(of: str, name: str, code: str, place: str, text: str, **more: str) -> dict[str, str]:
    told = {"AnswerListId": of, "AnswerListName": name, "AnswerStringId": code}
    return told | {"SequenceNumber": place, "DisplayText": text, "ExtDefinedYN": "N"} | more


def variant(code: str, *axes: str, **more: str) -> dict[str, str]:
    names = dict.fromkeys(("SHORTNAME", "RELATEDNAMES2", "LinguisticVariantDisplayName"), "")
    return {"LOINC_NUM": code} | dict(zip(AXES, (*axes, *6 * ("",)), strict=False)) | names | more


def written(files: dict[str, Table]) -> dict[str, str | bytes]:
    """The files as text."""
    return {f"Loinc_2.80/{name}": csv_of(rows) for name, rows in files.items()}
