"""In which language a concept is shown.

Languages are BCP 47 tags, an order of preference as in Accept-Language (RFC 9110, 12.5.4).
"""

from collections.abc import Iterable, Sequence

from terminology.service.concept import Concept, Designation

# Uses of a designation in whose place a display could stand.
_DISPLAYS = frozenset(
    (
        ("http://terminology.hl7.org/CodeSystem/hl7TermMaintInfra", "preferredForLanguage"),
        ("http://terminology.hl7.org/CodeSystem/designation-usage", "display"),
        ("http://snomed.info/sct", "900000000000013009"),
        ("http://snomed.info/sct", "900000000000003001"),
        # http://hl7.org/fhir/R4/loinc.html: the short or the long name is the display.
        ("http://loinc.org", "LONG_COMMON_NAME"),
        ("http://loinc.org", "SHORTNAME"),
        ("http://loinc.org", "LinguisticVariantDisplayName"),
        ("http://loinc.org", "FullySpecifiedName"),
    )
)


def wanted(header: str | None) -> tuple[str, ...]:
    """Return the languages of a displayLanguage or Accept-Language, the best first."""
    weighed: list[tuple[float, str]] = []
    for part in (header or "").split(","):
        tag, _, weight = part.partition(";")
        name, _, value = weight.strip().partition("=")
        try:
            quality = float(value) if name == "q" else 1.0
        except ValueError:
            quality = 1.0
        if tag.strip() and quality > 0:
            weighed.append((quality, tag.strip()))
    # `sorted` keeps the order of those that are wanted alike.
    return tuple(tag for _, tag in sorted(weighed, key=lambda each: -each[0]))


def matches(tag: str, wanted_tag: str) -> bool:
    """Whether a text in `tag` serves who asks for `wanted_tag` (RFC 4647, lookup both ways)."""
    own, asked = tag.lower(), wanted_tag.lower()
    return wanted_tag == "*" or own == asked or _below(own, asked) or _below(asked, own)


def display_in(concept: Concept, own: str, languages: Sequence[str]) -> str:
    """Return the text to show: in the first language that there is, else the display itself.

    `own` is the language of the code system.
    """
    for tag in languages:
        if own and matches(own, tag) and concept.display:
            return concept.display
        found = _of_language(concept.designations, tag)
        if found is not None:
            return found.value
    return concept.display


def displays(concept: Concept, own: str) -> list[Designation]:
    """Return every text that may stand as the display, each with its language."""
    first = [Designation(concept.display, own)] if concept.display else []
    return [*first, *(each for each in concept.designations if _is_display(each))]


def _of_language(designations: Iterable[Designation], tag: str) -> Designation | None:
    found = [each for each in designations if each.language and matches(each.language, tag)]
    exact = (each for each in found if each.language.lower() == tag.lower() and _is_display(each))
    return next(exact, None) or next((each for each in found if _is_display(each)), None)


def _is_display(designation: Designation) -> bool:
    use = designation.use
    return use is None or (use.get("system"), use.get("code")) in _DISPLAYS


def _below(tag: str, above: str) -> bool:
    return tag.startswith(above + "-")
