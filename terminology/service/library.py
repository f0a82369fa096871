"""Which version of a code system is meant, and what supplements are used with it."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.outcome import FhirError, Issue
from terminology.check_digits import may_be_code
from terminology.service.code_system import CodeSystem, SupplementedCodeSystem, canonical_of
from terminology.service.versions import Versions, is_version, version_key

# http://hl7.org/fhir/R4/valueset-codesystem-content-mode.html; an example's codes are no content.
_LOAD = "(it is not on this server: load it first)"
WITH_CODES = frozenset(("complete", "fragment"))


class Library(Protocol):
    """Where code systems are looked for."""

    def code_systems(self, url: str) -> Sequence[CodeSystem]:
        """Return every version of a code system that is held, in any order."""

    def supplements(self, url: str) -> Sequence[JsonObject]:
        """Return every version of a supplement (a CodeSystem resource), in any order."""

    def value_sets(self, url: str) -> Sequence[JsonObject]:
        """Return every version of a ValueSet that is held, in any order."""

    def concept_maps(self, url: str) -> Sequence[JsonObject]:
        """Return every version of a ConceptMap that is held, in any order."""


def concept_map(library: Library, canonical: str) -> JsonObject:
    """Return the newest ConceptMap of a canonical; FhirError 404 where there is none."""
    url, _, version = canonical.partition("|")
    held = library.concept_maps(url)
    found = [each for each in held if not version or _version(each) == version]
    if not found:
        raise _missing(f"A definition for the ConceptMap '{canonical}' could not be found", _LOAD)
    return max(found, key=lambda each: version_key(_version(each)))


class UnknownCodeSystem(FhirError):
    """404: a code system, or a version of it, is not held; `there` are the versions that are.

    Another version is no substitute: the meaning of a code may have changed.
    """

    def __init__(self, url: str, version: str, there: Sequence[str], consequence: str) -> None:
        self.url = url
        self.version = version
        self.there = tuple(there)
        super().__init__(404, _issue(self.told(consequence), "" if there else _LOAD))

    def told(self, consequence: str) -> str:
        """Return what is missing, so that `consequence`, and what there is."""
        if not self.version:
            return f"A definition for CodeSystem '{self.url}' could not be found, so {consequence}"
        held = "No versions of this code system are known"
        if self.there:
            held = f"Valid versions: {' or '.join(self.there)}"
        named = f"'{self.url}' version '{self.version}'"
        return f"A definition for CodeSystem {named} could not be found, so {consequence}. {held}"


def code_system(
    library: Library, url: str, version: str | None, *, so: str = "nothing can be said of its codes"
) -> CodeSystem:
    """Return the version that is asked for; `so` is what follows where there is none.

    Of several the newest with all codes: a part of a code system is used where nothing else is, or
    where it is named.

    UnknownCodeSystem where there is none, or only its name.
    """
    held = library.code_systems(url)
    found = [each for each in held if each.content in WITH_CODES]
    fitting = [each for each in found if not version or is_version(each.version, version)]
    if fitting:
        return max(fitting, key=precedence)
    if held and not found:
        text = f"Of the code system '{url}' this server holds no codes (content={held[0].content})"
        raise _missing(f"{text}, so {so}", _LOAD)
    there = sorted((each.version for each in found), key=version_key)
    raise UnknownCodeSystem(url, version or "", there, so)


def is_open(system: CodeSystem, code: str) -> bool:
    """Whether a code that is not here may be one: only a part of the code system is here.

    A slip that its check digit shows is none.
    """
    return system.content == "fragment" and may_be_code(system.url, code)


def precedence(system: CodeSystem) -> tuple[bool, Any]:
    """Return what orders versions of a code system by which is meant where none is named."""
    return system.content == "complete", version_key(system.version)


def value_set(library: Library, canonical: str, versions: Versions) -> JsonObject:
    """Return the ValueSet of `url` or `url|version`, the newest where no version is named.

    FhirError 404 where there is none, with the versions that there are.
    """
    url, _, named = canonical.partition("|")
    wanted = versions.of(url, named or None)
    held = library.value_sets(url)
    found = [each for each in held if not wanted or is_version(_version(each), wanted)]
    if found:
        return max(found, key=lambda each: version_key(_version(each)))
    name = f"{url}|{wanted}" if wanted else url
    there = ", ".join(sorted(map(_version, held)))
    hint = f"(this server holds {there})" if held else _LOAD
    raise _missing(f"A definition for the value Set '{name}' could not be found", hint)


def supplemented(
    library: Library, system: CodeSystem, canonicals: Iterable[str]
) -> tuple[CodeSystem, tuple[str, ...]]:
    """Return the code system with the supplements asked for, and their canonicals.

    FhirError 404 where one is not held, 422 where one supplements another code system.
    """
    chosen: list[JsonObject] = []
    for canonical in canonicals:
        newest = supplement(library, canonical)
        of_url, _, of_version = str(newest.get("supplements", "")).partition("|")
        if of_url != system.url or (of_version and of_version != system.version):
            text = f"{canonical_of(newest)} supplements {newest.get('supplements')}, "
            raise FhirError(422, Issue("error", "business-rule", text + f"not {system.canonical}."))
        chosen.append(newest)
    if not chosen:
        return system, ()
    canonicals = tuple(canonical_of(each) for each in chosen)
    return SupplementedCodeSystem(system, chosen), canonicals


def supplement(library: Library, canonical: str) -> JsonObject:
    """Return the newest supplement of a canonical; FhirError 404 where there is none."""
    url, _, version = canonical.partition("|")
    held = library.supplements(url)
    found = [each for each in held if not version or _version(each) == version]
    if not found:
        raise _missing(f"Required supplement not found: {canonical}", _LOAD)
    return max(found, key=lambda each: version_key(_version(each)))


def _version(resource: JsonObject) -> str:
    return str(resource.get("version", ""))


def _missing(text: str, hint: str) -> FhirError:
    return FhirError(404, _issue(text, hint))


def _issue(text: str, hint: str) -> Issue:
    return Issue("error", "not-found", text, kind="not-found", hint=hint)
