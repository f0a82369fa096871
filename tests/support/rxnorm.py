"""A small RxNorm release as the hospital gets it: real ingredients, made-up products."""

import zipfile
from pathlib import Path

# RXCUI, type and name of each concept; those from 900000 on are made up.
NAMES = (
    ("29046", "IN", "lisinopril"),
    ("17767", "IN", "amlodipine"),
    ("83367", "IN", "atorvastatin"),
    ("6918", "IN", "metoprolol"),
    ("900001", "IN", "madeupril"),
    ("900002", "IN", "unheardofin"),
    ("900003", "PIN", "metoprolol salt"),
    ("900010", "SCDC", "lisinopril 10 MG"),
    ("900011", "SCD", "lisinopril 10 MG Oral Tablet"),
    ("900012", "SBD", "lisinopril 10 MG Oral Tablet [Brandex]"),
    ("900013", "BN", "Brandex"),
    ("900020", "SCDC", "amlodipine 5 MG"),
    ("900021", "SCDC", "atorvastatin 10 MG"),
    ("900022", "SCD", "amlodipine 5 MG / atorvastatin 10 MG Oral Tablet"),
    ("900023", "MIN", "amlodipine / atorvastatin"),
    ("900030", "SCD", "madeupril 5 MG Oral Tablet"),
    ("900031", "SCD", "unheardofin 5 MG Oral Tablet"),
    ("900032", "SCD", "atorvastatin / unheardofin Oral Tablet"),
    ("900033", "SCD", "lisinopril with something that leads nowhere"),
    ("900034", "SCDC", "something that leads nowhere"),
    ("900040", "SCD", "a product without ingredients"),
    ("900050", "GPCK", "a pack of lisinopril and of atorvastatin"),
    ("900060", "SCD", "one that a brand is said to be, and that is said to be a brand"),
    ("900061", "SBD", "the brand of it"),
)
# The first has the relation to the second.
RELATIONS = (
    ("900010", "has_ingredient", "29046"),
    ("900011", "consists_of", "900010"),
    ("900012", "tradename_of", "900011"),
    ("900012", "has_ingredient", "900013"),
    ("900013", "tradename_of", "29046"),
    ("29046", "has_tradename", "900013"),
    ("900011", "has_dose_form", "900040"),
    ("900003", "form_of", "6918"),
    ("900020", "has_ingredient", "17767"),
    ("900021", "has_ingredient", "83367"),
    ("900022", "consists_of", "900020"),
    ("900022", "consists_of", "900021"),
    ("900022", "has_ingredients", "900023"),
    ("900023", "has_part", "17767"),
    ("900023", "has_part", "83367"),
    ("900030", "has_ingredient", "900001"),
    ("900031", "has_ingredient", "900002"),
    ("900032", "has_ingredient", "83367"),
    ("900032", "has_ingredient", "900002"),
    ("900033", "consists_of", "900010"),
    ("900033", "consists_of", "900034"),
    ("900050", "contains", "900011"),
    ("900050", "contains", "900021"),
    ("900060", "tradename_of", "900061"),
    ("900061", "tradename_of", "900060"),
)
# ATC's own rows in the full release: a substance, a group of substances, and one nobody knows.
ATC_ROWS = (("900001", "C09AA99"), ("900002", "C09AA"), ("999999", "C09AA98"))


def rxnorm_release(folder: Path) -> Path:
    """Write the release's zip file into a folder, and return it."""
    names = [f"{c}|ENG||||||A{c}||||RXNORM|{t}|{c}|{n}|0|N|4096|" for c, t, n in NAMES]
    names += [f"{c}|ENG||||||B{c}||||ATC|IN|{atc}|name|0|N||" for c, atc in ATC_ROWS]
    relations = [
        f"{second}||CUI|RO|{first}||CUI|{kind}|1||RXNORM|RXNORM||||4096|"
        for first, kind, second in RELATIONS
    ]
    archive = folder / "RxNorm_full_01052099.zip"
    with zipfile.ZipFile(archive, "w") as written:
        written.writestr("rrf/RXNCONSO.RRF", "\n".join(names))
        written.writestr("rrf/RXNREL.RRF", "\n".join(relations))
    return archive
