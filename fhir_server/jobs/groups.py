"""Whom a Group names: its members, and those of the Groups among its members.

Source: http://hl7.org/fhir/R4/group.html. A member that is inactive, or whose period is over, is
not meant; a member that is no patient of this server is named in a remark, never passed over.
"""

from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

from sqlalchemy import Connection

from fhir_server.r4.codec import JsonObject, decode
from fhir_server.r4.dates import instant_range
from fhir_server.r4.outcome import Gone, NotFound
from fhir_server.r4.references import parse_reference
from fhir_server.store import resources
from fhir_server.store.access import Access, visible
from fhir_server.store.resources import microseconds


@dataclass(slots=True)
class Members:
    """The ids of the patients, and what to say on members that are none."""

    patients: set[str] = field(default_factory=set)
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class GroupReader:
    """Reads Groups as they are in one snapshot."""

    connection: Connection
    base_url: str
    zone: tzinfo
    now: datetime
    access: Access

    def members(self, id: str) -> Members:
        """Return the members of a Group; NotFound or Gone where there is none of that id."""
        found = Members()
        seen = {id}
        left = [self._read(id)]
        while left:
            group = left.pop()
            if group.get("actual") is not True:
                # R4 group.html: "actual" false is a description, which names nobody.
                text = f"Group/{group['id']} is not actual: its characteristics are not evaluated."
                found.remarks.append(text)
            for index, member in enumerate(group.get("member", ())):
                place = f"Group/{group['id']}, member[{index}]"
                nested = self._take(member, place, found)
                if nested is None or nested in seen:
                    continue
                seen.add(nested)
                try:
                    left.append(self._read(nested))
                except (NotFound, Gone):
                    found.remarks.append(f"{place}: Group/{nested} is not on this server.")
        return found

    def _read(self, id: str) -> JsonObject:
        stored = resources.read(self.connection, "Group", id)
        if not (self.access.patients is None or visible(self.connection, stored, self.access)):
            raise NotFound("Group", id)
        return decode(stored.body)

    def _take(self, member: JsonObject, place: str, found: Members) -> str | None:
        """Take one member over; return the id of a Group that it is."""
        if member.get("inactive") is True or self._is_over(member.get("period", {})):
            return None
        text = member.get("entity", {}).get("reference")
        type, id = self._local(text)
        if type == "Patient" and id is not None:
            found.patients.add(id)
            return None
        if type == "Group" and id is not None:
            return id
        named = f"{text[:200]!r}" if isinstance(text, str) else "an entity without a reference"
        found.remarks.append(f"{place}: {named} is no patient of this server; not exported.")
        return None

    def _local(self, text: Any) -> tuple[str | None, str | None]:
        try:
            reference = parse_reference(str(text))
        except ValueError:
            return None, None
        if reference.base not in (None, self.base_url):
            return None, None
        return reference.type, reference.id

    def _is_over(self, period: JsonObject) -> bool:
        end = period.get("end")
        if not isinstance(end, str):
            return False
        return instant_range(end, default_zone=self.zone)[1] <= microseconds(self.now)
