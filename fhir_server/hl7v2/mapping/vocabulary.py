"""Codes of HL7 v2 tables as FHIR's own code systems have them, and languages as BCP 47.

Source: HL7 "v2-to-FHIR" implementation guide, folder mappings/codesystems (MaritalStatus, Religion,
EncounterPriority, AmbulatoryStatus, PrimaryLanguage).
"""

import re
from collections.abc import Mapping
from typing import Final

from fhir_server.hl7v2.mapping.code_systems import NULL_FLAVOR, v2_table
from fhir_server.hl7v2.mapping.context import Context
from fhir_server.hl7v2.mapping.datatypes import clean, concept, filled, token
from fhir_server.hl7v2.mapping.parts import parts
from fhir_server.hl7v2.tokenizer import Composite
from fhir_server.r4.codec import JsonObject

_MARITAL: Final = "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus"
_RELIGION: Final = "http://terminology.hl7.org/CodeSystem/v3-ReligiousAffiliation"
_PRIORITY: Final = "http://terminology.hl7.org/CodeSystem/v3-ActPriority"
_ARRANGEMENT: Final = "http://terminology.hl7.org/CodeSystem/encounter-special-arrangements"
_BCP47: Final = "urn:ietf:bcp:47"
# What `language` reads.
LANGUAGE_PARTS: Final = parts(1, 2, 3, 4, 5, 6, 9)

# Table, then code of it: system, code and display of FHIR.
_CODES: Final[Mapping[str, Mapping[str, tuple[str, str, str]]]] = {
    "0002": {
        "A": (_MARITAL, "L", "Legally Separated"),
        "B": (_MARITAL, "U", "unmarried"),
        "C": (_MARITAL, "C", "Common Law"),
        "D": (_MARITAL, "D", "Divorced"),
        "E": (_MARITAL, "L", "Legally Separated"),
        "G": (_MARITAL, "T", "Domestic partner"),
        "I": (_MARITAL, "I", "Interlocutory"),
        "M": (_MARITAL, "M", "Married"),
        "N": (_MARITAL, "A", "Annulled"),
        "O": (NULL_FLAVOR, "OTH", "other"),
        "P": (_MARITAL, "T", "Domestic partner"),
        "R": (_MARITAL, "T", "Domestic partner"),
        "S": (_MARITAL, "S", "Never Married"),
        "T": (NULL_FLAVOR, "NAVU", "Not available"),
        "U": (NULL_FLAVOR, "UNK", "unknown"),
        "W": (_MARITAL, "W", "Widowed"),
    },
    "0006": {
        "A": (_RELIGION, "1007", "Atheism"),
        "B": (_RELIGION, "1009", "Baptist"),
        "E": (_RELIGION, "1069", "Episcopalian"),
        "J": (_RELIGION, "1026", "Judaism"),
        "L": (_RELIGION, "1028", "Lutheran"),
        "M": (_RELIGION, "1027", "Latter Day Saints"),
        "N": (_RELIGION, "1020", "Hinduism"),
        "P": (_RELIGION, "1077", "Protestant"),
        "AGN": (_RELIGION, "1004", "Agnosticism"),
        "ATH": (_RELIGION, "1007", "Atheism"),
        "BAH": (_RELIGION, "1008", "Babi & Baha'I faiths"),
        "BRE": (_RELIGION, "1062", "Brethren"),
        "BMA": (_RELIGION, "1029", "Mahayana"),
        "BTH": (_RELIGION, "1051", "Theravada"),
        "CHR": (_RELIGION, "1013", "Christian (non-Catholic, non-specific)"),
        "ANG": (_RELIGION, "1005", "Anglican"),
        "AOG": (_RELIGION, "1061", "Assembly of God"),
        "BAP": (_RELIGION, "1009", "Baptist"),
        "CRR": (_RELIGION, "1079", "Reformed"),
        "CHS": (_RELIGION, "1063", "Christian Scientist"),
        "COC": (_RELIGION, "1064", "Church of Christ"),
        "COG": (_RELIGION, "1065", "Church of God"),
        "COL": (_RELIGION, "1066", "Congregational"),
        "EOT": (_RELIGION, "1068", "Eastern Orthodox"),
        "EPI": (_RELIGION, "1069", "Episcopalian"),
        "FRQ": (_RELIGION, "1071", "Friends"),
        "FUL": (_RELIGION, "1072", "Full Gospel"),
        "JWN": (_RELIGION, "1025", "Jehovah's Witnesses"),
        "MOM": (_RELIGION, "1027", "Latter Day Saints"),
        "LUT": (_RELIGION, "1028", "Lutheran"),
        "MET": (_RELIGION, "1073", "Methodist"),
        "NAZ": (_RELIGION, "1075", "Nazarene"),
        "ORT": (_RELIGION, "1036", "Orthodox"),
        "PEN": (_RELIGION, "1038", "Pentecostal"),
        "PRE": (_RELIGION, "1076", "Presbyterian"),
        "PRO": (_RELIGION, "1077", "Protestant"),
        "PRC": (_RELIGION, "1078", "Protestant, No Denomination"),
        "QUA": (_RELIGION, "1071", "Friends"),
        "REC": (_RELIGION, "1079", "Reformed"),
        "CAT": (_RELIGION, "1041", "Roman Catholic Church"),
        "SAA": (_RELIGION, "1080", "Salvation Army"),
        "SEV": (_RELIGION, "1001", "Adventist"),
        "UCC": (_RELIGION, "1082", "United Church of Christ"),
        "UNI": (_RELIGION, "1052", "Unitarian-Universalism"),
        "UNU": (_RELIGION, "1081", "Unitarian Universalist"),
        "CNF": (_RELIGION, "1014", "Confucianism"),
        "DOC": (_RELIGION, "1067", "Disciples of Christ"),
        "HSH": (_RELIGION, "1020", "Hinduism"),
        "HVA": (_RELIGION, "1020", "Hinduism"),
        "HOT": (_RELIGION, "1020", "Hinduism"),
        "JAI": (_RELIGION, "1024", "Jainism"),
        "MOS": (_RELIGION, "1023", "Islam"),
        "MSH": (_RELIGION, "1045", "Shiite (Islam)"),
        "MSU": (_RELIGION, "1049", "Sunni (Islam)"),
        "NAM": (_RELIGION, "1074", "Native American"),
        "SHN": (_RELIGION, "1046", "Shinto"),
        "SIK": (_RELIGION, "1047", "Sikism"),
        "SPI": (_RELIGION, "1048", "Spiritualism"),
    },
    "0009": {"A2": (_ARRANGEMENT, "wheel", "Wheelchair")},
    "0217": {
        "1": (_PRIORITY, "EM", "emergency"),
        "2": (_PRIORITY, "UR", "urgent"),
        "3": (_PRIORITY, "EL", "elective"),
    },
}

# Languages that FHIR names, and as ISO 639-2 writes them (bibliographic, terminologic).
_LANGUAGES: Final[Mapping[str, tuple[str, ...]]] = {
    "ar": ("Arabic", "ara"),
    "bn": ("Bengali", "ben"),
    "cs": ("Czech", "cze", "ces"),
    "da": ("Danish", "dan"),
    "de": ("German", "ger", "deu"),
    "el": ("Greek", "gre", "ell"),
    "en": ("English", "eng"),
    "es": ("Spanish", "spa"),
    "fi": ("Finnish", "fin"),
    "fr": ("French", "fre", "fra"),
    "fy": ("Frysian", "fry"),
    "hi": ("Hindi", "hin"),
    "hr": ("Croatian", "hrv"),
    "it": ("Italian", "ita"),
    "ja": ("Japanese", "jpn"),
    "ko": ("Korean", "kor"),
    "nl": ("Dutch", "dut", "nld"),
    "no": ("Norwegian", "nor"),
    "pa": ("Punjabi", "pan"),
    "pl": ("Polish", "pol"),
    "pt": ("Portuguese", "por"),
    "ru": ("Russian", "rus"),
    "sr": ("Serbian", "srp"),
    "sv": ("Swedish", "swe"),
    "te": ("Telegu", "tel"),
    "zh": ("Chinese", "chi", "zho"),
}
_LONG: Final = {long: short for short, (_, *longs) in _LANGUAGES.items() for long in longs}
_ISO_639_1: Final = (
    "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da "
    "de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy "
    "hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg "
    "li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or "
    "os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta "
    "te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu"
)
_SHORT: Final = frozenset(_ISO_639_1.split())
# A language, and the region in which it is spoken so.
_TAG: Final = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{2}))?")
# How senders name ISO 639 and BCP 47 in CWE.3; table 0296 is the site's own and mostly ISO 639.
_NAMES: Final = re.compile(r"|HL70296|ISO639[0-9]?|(URN)?(IETF)?BCP47")


def known_concept(value: Composite, context: Context, table: str) -> JsonObject:
    """Return a concept of a table with the code that FHIR has for it before the one that was sent.

    `table` is one of those above; a code that it has not stays as it came.
    """
    found = concept(value, context, table=table)
    if not found:
        return found
    codings: list[JsonObject] = []
    for coding in found.get("coding", ()):
        if coding.get("system") == v2_table(table):
            known = _CODES[table].get(coding["code"].upper())
            if known is not None:
                codings.append(dict(zip(("system", "code", "display"), known, strict=True)))
        codings.append(coding)
    return found | {"coding": codings} if codings else found


def language(value: Composite) -> JsonObject:
    """Return a language (PID-15) as a code of BCP 47 where it names one, else as text alone.

    R4 permits no other codes in Patient.communication.language.
    """
    if not value.raw:
        return {}
    text = clean(value.text(9)) or clean(value.text(2)) or clean(value.text(5))
    places = ((value.text(part), value.text(part + 2)) for part in (1, 4))
    codings: list[JsonObject] = []
    for code, name in places:
        known = _tag(code, name)
        if known and known not in codings:
            codings.append(known)
    sent = token(value.text(1)) or token(value.text(4))
    return filled(coding=codings, text=text or ("" if codings else sent))


def _tag(code: str, name: str) -> JsonObject:
    found = _TAG.fullmatch(code)
    if found is None or not _NAMES.fullmatch(re.sub(r"[^A-Z0-9]", "", name.upper())):
        return {}
    spoken = found[1].lower()
    spoken = _LONG.get(spoken, spoken)
    if spoken not in _SHORT:
        return {}
    region = (found[2] or "").upper()
    display = _LANGUAGES[spoken][0] if spoken in _LANGUAGES and not region else ""
    return filled(system=_BCP47, code=f"{spoken}-{region}" if region else spoken, display=display)
