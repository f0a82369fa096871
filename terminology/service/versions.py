"""Which version of a code system or value set is used where the value set names none.

Source: http://hl7.org/fhir/R4/valueset-operation-expand.html, system-version,
check-system-version and force-system-version; canonicals `url|version`.
"""

from collections.abc import Iterable, Mapping

import msgspec

from fhir_server.r4.outcome import BadRequest, FhirError, Issue


class Versions(msgspec.Struct, frozen=True):
    """The version by url: `default` where none is named, `forced` always, `checked` must agree."""

    default: Mapping[str, str] = {}
    checked: Mapping[str, str] = {}
    forced: Mapping[str, str] = {}

    def of(self, url: str, named: str | None) -> str | None:
        """Return the version to use; FhirError 422 where it is not the one that is checked for."""
        wanted = self.forced.get(url) or named or self.default.get(url) or self.checked.get(url)
        checked = self.checked.get(url)
        if checked is not None and wanted != checked:
            text = f"{url} is used in version {wanted!r}, and {checked!r} is asked for."
            raise FhirError(422, Issue("error", "exception", text))
        return wanted


def read_versions(
    default: Iterable[str], checked: Iterable[str], forced: Iterable[str]
) -> Versions:
    """Return the versions of three lists of `url|version`; BadRequest where one has no version."""
    return Versions(_by_url(default), _by_url(checked), _by_url(forced))


def _by_url(canonicals: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for canonical in canonicals:
        url, _, version = canonical.partition("|")
        if not url or not version:
            raise BadRequest("value", f"{canonical[:200]!r}: write system|version.")
        found[url] = version
    return found
