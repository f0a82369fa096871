"""Value sets that hold one code system in several versions: when do versions tell codes apart?

R4 says of a version in a value set where codes are looked up, and leaves open whether a code of one
version is the code of another. A value set can say so by the expansion parameter `versionsMatch`,
as terminology servers share it. Where it does not, versions tell codes apart, but for an exclude in
a version that nothing is included of: it would never leave anything out.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Final, TypeVar

from fhir_server.r4.codec import JsonObject
from terminology.service.cautions import expansion_parameters
from terminology.service.versions import version_key

_PARAMETER: Final = "versionsMatch"
Key = tuple[str, str, str]
T = TypeVar("T")


def versions_match(value_set: JsonObject) -> bool | None:
    """Return whether a value set says that codes are the same in every version, None: nothing."""
    said = expansion_parameters(value_set).get(_PARAMETER)
    return None if said is None else str(said).lower() == "true"


def without(
    found: Mapping[Key, T], excluded: Collection[Key], said: bool | None
) -> tuple[dict[Key, T], bool]:
    """Return what an exclude leaves, and whether it was by the codes in whatever version."""
    held: defaultdict[str, set[str]] = defaultdict(set)
    for system, version, _code in found:
        held[system].add(version)
    exact = set(excluded)
    by_code = {
        (system, code)
        for system, version, code in excluded
        if said or (said is None and version not in held[system])
    }
    left = {
        key: each
        for key, each in found.items()
        if key not in exact and (key[0], key[2]) not in by_code
    }
    return left, bool(by_code)


def merged(found: Mapping[Key, T]) -> dict[Key, T]:
    """Return each code once, of its newest version, in the order in which codes were first met."""
    newest: dict[tuple[str, str], Key] = {}
    for key in found:
        system, version, code = key
        known = newest.setdefault((system, code), key)
        if version_key(version) > version_key(known[1]):
            newest[(system, code)] = key
    return {key: found[key] for key in newest.values()}
