"""Identifiers of SNOMED CT itself that ECL gives words for."""

from typing import Final

# 6.9, "Definition Status Filter"
STATUSES: Final = {"primitive": "900000000000074008", "defined": "900000000000073002"}
DEFINED: Final = STATUSES["defined"]
PRIMITIVE: Final = STATUSES["primitive"]

# 6.8, "Description Type Filter"; the longer words are those of the long syntax.
TYPES: Final = {
    "fsn": "900000000000003001",
    "fullyspecifiedname": "900000000000003001",
    "syn": "900000000000013009",
    "synonym": "900000000000013009",
    "def": "900000000000550004",
    "definition": "900000000000550004",
}

# 6.8, "Acceptability Filter"
ACCEPTABILITIES: Final = {
    "prefer": "900000000000548007",
    "preferred": "900000000000548007",
    "accept": "900000000000549004",
    "acceptable": "900000000000549004",
}

# 6.11, "Profiles"
HISTORICAL_ASSOCIATIONS: Final = "900000000000522004"
_SAME_AS: Final = "900000000000527005"
HISTORY: Final = {
    "min": (_SAME_AS,),
    # REPLACED BY, WAS A, PARTIALLY EQUIVALENT TO
    "mod": (_SAME_AS, "900000000000526001", "900000000000528000", "1186924009"),
}

# Appendix C, "Dialect Aliases"; 6.8 writes en-nhs-clinical and en-nhs-pharmacy without the x.
DIALECTS: Final = {
    "da-dk": "554461000005103",
    "de": "722130004",
    "en-au": "32570271000036106",
    "en-ca": "19491000087109",
    "en-gb": "900000000000508004",
    "en-gb-x-drug": "999000681000001101",
    "en-gb-x-ext": "999001251000000103",
    "en-ie": "21000220103",
    "en-nhs-clinical": "999001261000000100",
    "en-nhs-pharmacy": "999000691000001104",
    "en-nz": "271000210107",
    "en-nz-x-pat": "281000210109",
    "en-us": "900000000000509007",
    "en-x-gmdn": "608771002",
    "en-x-nhs-clinical": "999001261000000100",
    "en-x-nhs-dmd": "999000671000001103",
    "en-x-nhs-pharmacy": "999000691000001104",
    "es": "450828004",
    "es-uy": "5641000179103",
    "et-ee": "71000181105",
    "fr": "722131000",
    "fr-be": "21000172104",
    "fr-ca": "20581000087109",
    "ja": "722129009",
    "mi": "291000210106",
    "nb-no": "61000202103",
    "nl-be": "31000172101",
    "nl-nl": "31000146106",
    "nn-no": "91000202106",
    "sv-se": "46011000052107",
    "zh": "722128001",
}
