"""What messages become, held to the profiles of a hospital; a result is stored whatever they say.

A laboratory result that breaks a profile is still the patient's result: to refuse it would hide
it from the physician, and the laboratory's system cannot mend it. So the message is taken, the
acknowledgment and the message's own record warn of each resource that does not conform, and only
a resource that conforms claims the profile in `meta.profile`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from fhir_server.hl7v2.problems import Problem
from fhir_server.r4.codec import JsonObject
from fhir_server.r4.outcome import Issue
from fhir_server.r4.profile_packages import ProfilesRefused
from fhir_server.r4.profiles import Profiles

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class HeldProfiles:
    """The loaded profiles, and by resource type the one that what messages become is held to."""

    profiles: Profiles
    by_type: Mapping[str, str]

    def checked(self, resource: JsonObject) -> tuple[JsonObject, tuple[Problem, ...]]:
        """Return a valid resource with the claim that is true of it, and a warning where none is.

        The warning names elements and rules, never a value.
        """
        wanted = self.by_type.get(resource["resourceType"])
        issues = self.profiles.check(resource, against=(wanted,) if wanted else ())
        if wanted is None and not issues:
            return resource, ()
        conforms = not any(issue.severity == "error" for issue in issues)
        claimed = resource if wanted is None else _claiming(resource, wanted, is_true=conforms)
        return claimed, tuple(_problems(resource, wanted, issues))


def held_profiles(profiles: Profiles | None, by_type: Mapping[str, str]) -> HeldProfiles | None:
    """Return the profiles of messages, None where none are loaded.

    ProfilesRefused where one of `by_type` is not loaded or is about another type: a check that
    is asked for and cannot be made must not look like one that found nothing.
    """
    for type, canonical in by_type.items():
        profile = None if profiles is None else profiles.profile(canonical)
        if profile is None:
            text = f"ATTENDING_HL7V2_PROFILES names {canonical}, which is not loaded; "
            raise ProfilesRefused(text + "put its package into ATTENDING_PROFILES_DIR.")
        if profile.type != type:
            text = f"ATTENDING_HL7V2_PROFILES names {canonical} for {type}; "
            raise ProfilesRefused(text + f"it is a profile of {profile.type}.")
    return None if profiles is None else HeldProfiles(profiles, by_type)


def _claiming(resource: JsonObject, canonical: str, *, is_true: bool) -> JsonObject:
    meta = dict(resource.get("meta", {}))
    others = [url for url in meta.pop("profile", []) if url != canonical]
    claims = [*others, canonical] if is_true else others
    if claims:
        meta["profile"] = claims
    bare = {name: value for name, value in resource.items() if name != "meta"}
    return {**bare, "meta": meta} if meta else bare


def _problems(resource: JsonObject, wanted: str | None, issues: tuple[Issue, ...]) -> list[Problem]:
    """Return at most one problem for what is wrong and one for what could not be checked."""
    name = f"{resource['resourceType']}/{resource['id']}"
    profile = wanted or "a profile"
    found = []
    for severity, what in (
        ("error", f"{name} is stored and does not conform to {profile}"),
        ("warning", f"{name} could not be checked wholly by {profile}"),
    ):
        places = [_place(issue) for issue in issues if issue.severity == severity]
        if places:
            more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
            text = f"{what}: {', '.join(dict.fromkeys(places[:_SHOWN]))}{more}"
            # Table 0357 has no code for it: the message is accepted, which is "0".
            found.append(Problem("0", text, None, "W"))
    return found


def _place(issue: Issue) -> str:
    return f"{', '.join(issue.expression)} ({issue.code})"
