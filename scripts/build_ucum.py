"""Build the committed table of UCUM's prefixes and units from the UCUM essence.

    python scripts/build_ucum.py ../shared/terminology/ucum/ucum-essence.xml

writes `terminology/data/ucum.json`: each prefix with its value, the base units, and each other unit
with its definition exactly as UCUM gives it. Names, symbols and the case-insensitive codes are left
out; no code and no definition is altered. UCUM's licence asks that its notice goes with the table
(see NOTICE). The output depends on the input only: the same essence gives the same bytes.
"""

import argparse
import json
import xml.etree.ElementTree as ET
from pathlib import Path

OUTPUT = Path(__file__).parents[1] / "terminology" / "data" / "ucum.json"
_NS = "{http://unitsofmeasure.org/ucum-essence}"
_NOTICE = (
    "This product includes all or a portion of the UCUM table, UCUM codes, and UCUM definitions "
    "or is derived from it, subject to a license from Regenstrief Institute, Inc. and The UCUM "
    "Organization. See the file NOTICE."
)


def main() -> None:
    """Read the essence named on the command line and write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("essence", type=Path)
    root = ET.parse(parser.parse_args().essence).getroot()  # noqa: S314 - a file of our own choice
    prefixes = {e.attrib["Code"]: _value(e).attrib["value"] for e in root.iter(_NS + "prefix")}
    base = sorted(e.attrib["Code"] for e in root.iter(_NS + "base-unit"))
    units = {e.attrib["Code"]: _unit(e) for e in root.iter(_NS + "unit")}
    head = {"notice": _NOTICE, "version": root.attrib["version"]}
    # One unit a line, so that a new edition of UCUM shows as a readable difference.
    lines = [
        *(f" {json.dumps(key)}: {json.dumps(value)}," for key, value in head.items()),
        f' "prefixes": {json.dumps(prefixes)},',
        f' "base": {json.dumps(base)},',
        ' "units": {',
        ",\n".join(f"  {json.dumps(code)}: {json.dumps(units[code])}" for code in sorted(units)),
        " }",
    ]
    OUTPUT.write_text("{\n" + "\n".join(lines) + "\n}\n", encoding="ascii")
    print(f"{OUTPUT.name}: {len(prefixes)} prefixes, {len(base)} base units, {len(units)} units")


def _unit(element: ET.Element) -> list[str | int]:
    """Return [metric, arbitrary, value, unit] and, for a special unit, its function's name."""
    definition = _value(element)
    flags = [int(element.attrib.get(name) == "yes") for name in ("isMetric", "isArbitrary")]
    function = definition.find(_NS + "function")
    if element.attrib.get("isSpecial") != "yes":
        return [*flags, definition.attrib["value"], definition.attrib["Unit"]]
    if function is None:
        raise ValueError(f"special unit {element.attrib['Code']} has no function")
    attributes = function.attrib
    return [*flags, attributes["value"], attributes["Unit"], attributes["name"]]


def _value(element: ET.Element) -> ET.Element:
    found = element.find(_NS + "value")
    if found is None:
        raise ValueError(f"{element.attrib['Code']} has no value")
    return found


if __name__ == "__main__":
    main()
