"""GET /fhir/metadata?mode=terminology: what the terminology service does and holds.

Source: http://hl7.org/fhir/R4/terminologycapabilities.html.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from typing import Any

from sqlalchemy import Connection

from fhir_server.r4.codec import JsonObject
from fhir_server.rest.operations.value_sets import EXPANSION_PARAMETERS
from fhir_server.store.terminology import StoredTerminology
from terminology.service.built_in import own_heads
from terminology.service.code_system import CodeSystem

_VERSION = version("attending")


def held_code_systems(connection: Connection) -> Mapping[str, Sequence[CodeSystem]]:
    """Return every code system that is known by url, the newest version first."""
    held = StoredTerminology(connection).all_code_systems()
    return {**{own.url: [own] for own in own_heads()}, **held}


def terminology_capabilities(
    base_url: str, held: Mapping[str, Sequence[CodeSystem]], *, at: datetime
) -> JsonObject:
    """Return the R4 TerminologyCapabilities of a server that holds these code systems by url."""
    systems = [_code_system(url, versions) for url, versions in sorted(held.items())]
    return {
        "resourceType": "TerminologyCapabilities",
        "url": f"{base_url}/metadata?mode=terminology",
        "version": _VERSION,
        "name": "AttendingTerminology",
        "title": "Attending terminology service",
        "status": "active",
        "date": at.isoformat(timespec="seconds"),
        "kind": "instance",
        "software": {"name": "Attending", "version": _VERSION},
        "implementation": {"description": "Attending terminology service", "url": base_url},
        **({"codeSystem": systems} if systems else {}),
        "expansion": {
            "hierarchical": True,
            "paging": True,
            # A value set of which a part is not here is refused.
            "incomplete": False,
            "parameter": [{"name": name} for name in sorted(EXPANSION_PARAMETERS)],
            "textFilter": "Each word begins a word of one text, or stands in a text of "
            "ideographs; a whole code is found too.",
        },
        "codeSearch": "all",
        "validateCode": {"translations": True},
        "translation": {"needsMap": True},
    }


def _code_system(url: str, versions: Sequence[CodeSystem]) -> JsonObject:
    told: list[dict[str, Any]] = [
        {"code": each.version} if each.version else {"isDefault": True} for each in versions
    ]
    if told:
        # Versions come with the newest first; it is the one where none is named.
        told[0]["isDefault"] = True
    return {
        "uri": url,
        "version": told,
        "subsumption": all(each.has_subsumption for each in versions),
    }
