"""The sections of a model card's page, each from what a definition says."""

from collections.abc import Iterable, Mapping
from typing import Any

from fhir_server.model_cards import inputs
from fhir_server.model_cards.html import Child, Html, element, link, together
from fhir_server.model_cards.subject import Subject
from fhir_server.model_cards.words import Words
from inference.contract import CategoryScale, InputSpec, ModelDefinition


def section(id: str, title: str, *children: Child) -> Html:
    """Return a section that the table of contents can name."""
    heading = element("h2", title, id=f"{id}-title")
    return element("section", heading, *children, id=id, aria_labelledby=f"{id}-title")


def table(heads: Iterable[str], rows: Iterable[Iterable[Child]]) -> Html:
    """Return a table whose first column names its rows.

    Where the page is narrow each row stands as a block, each cell under its column's name; the
    roles keep it a table for who hears it.
    """
    names = list(heads)
    head = (element("th", name, scope="col", role="columnheader") for name in names)
    body = (_row(names, first, rest) for first, *rest in rows)
    return element(
        "table",
        element("thead", element("tr", *head, role="row"), role="rowgroup"),
        element("tbody", *body, role="rowgroup"),
        class_="stacked",
        role="table",
    )


def _row(names: list[str], first: Child, rest: list[Child]) -> Html:
    cells = (
        element("td", each, role="cell", data_label=name)
        for name, each in zip(names[1:], rest, strict=True)
    )
    return element("tr", element("th", first, scope="row", role="rowheader"), *cells, role="row")


def bullets(items: Iterable[Child]) -> Html:
    """Return a list."""
    return element("ul", *(element("li", item) for item in items))


def facts(pairs: Iterable[tuple[str, Child]]) -> Html:
    """Return names and what they are."""
    return element(
        "dl",
        *(together(element("dt", name), element("dd", value)) for name, value in pairs),
    )


def input_table(subject: Subject, words: Words) -> Html:
    """Return every input: LOINC codes, range with unit, oldest, what happens without it."""
    definition = subject.model.definition
    names = ("input", "loinc", "domain", "oldest", "absent", "spread")
    return table(
        [words.say(f"column.{name}") for name in names],
        (_input_row(spec, subject, words) for spec in definition.inputs),
    )


def _input_row(spec: InputSpec, subject: Subject, words: Words) -> tuple[Child, ...]:
    there = inputs.elsewhere(spec, words, subject.deployment.catalogue)
    shown = element("small", there) if there else None
    name = together(words.text(spec.label), element("br"), element("code", spec.name))
    return (
        name,
        ", ".join(spec.loinc) or words.say("loinc.none"),
        together(inputs.domain(spec, words), element("br") if shown else None, shown),
        inputs.oldest(spec, words),
        inputs.when_absent(spec, subject.model.definition, words),
        inputs.spread(spec, words),
    )


def scales(definition: ModelDefinition, words: Words) -> Html:
    """Return each scale with its steps, its guideline and where that is printed."""
    if not definition.scales:
        return element("p", words.say("scales.none"))
    return together(*(_scale(scale, words) for scale in definition.scales))


def _scale(scale: CategoryScale, words: Words) -> Html:
    steps = [
        together(
            words.text(step.name),
            element("span", words.say("scale.attention"), class_="mark")
            if step.attention
            else None,
        )
        for step in scale.steps
    ]
    return together(
        element("h3", words.text(scale.name)),
        element("p", words.text(scale.guideline), " ", element("cite", scale.citation)),
        element("ol", *(element("li", step) for step in steps)),
    )


def evidence(subject: Subject, words: Words) -> Html:
    """Return what was shown in which population; what counts here is marked in words."""
    here = subject.evidence
    rows: list[tuple[Child, ...]] = []
    for entry in subject.model.definition.evidence:
        region = words.say("region.any") if entry.region == "*" else entry.region
        mark = element("span", words.say("evidence.here"), class_="mark") if entry is here else None
        rows.append(
            (
                together(region, mark),
                words.say(f"grade.{entry.grade.value}"),
                words.text(entry.summary),
            )
        )
    names = ("region", "grade", "evidence")
    local = "local.stated" if subject.validated_here else "local.not-stated"
    return together(
        element("p", words.say("evidence.region", region=subject.deployment.region)),
        table([words.say(f"column.{name}") for name in names], rows),
        element("p", words.say(local)),
    )


def exclusions(definition: ModelDefinition, words: Words) -> Html:
    """Return the states in which the model must not speak."""
    if not definition.exclusions:
        return element("p", words.say("exclusions.none"))
    return bullets(
        words.say(
            "exclusion.unknown-withholds" if each.unknown_withholds else "exclusion.unknown-lowers",
            reason=words.text(each.reason),
        )
        for each in definition.exclusions
    )


def examples(cases: list[dict[str, Any]], definition: ModelDefinition, words: Words) -> Html:
    """Return the worked examples that the model repeats at every start."""
    if not cases:
        return element("p", words.say("examples.none"))
    specs = {spec.name: spec for spec in definition.inputs}
    rows = [
        (
            str(number),
            _values(case["inputs"], specs, words),
            "; ".join(f"{name} = {value!r}" for name, value in case["expected"].items()),
            f"{case['tolerance']:g}",
            str(case["source"]),
        )
        for number, case in enumerate(cases, 1)
    ]
    names = ("example", "inputs", "expected", "tolerance", "source")
    return together(
        element("p", words.say("examples.count", count=len(cases))),
        element(
            "details",
            element("summary", words.say("examples.show")),
            table([words.say(f"column.{name}") for name in names], rows),
        ),
    )


def _values(person: Mapping[str, float], specs: Mapping[str, InputSpec], words: Words) -> str:
    return words.listed(
        [
            f"{words.text(spec.label)} {inputs.with_unit(person[name], spec, words)}"
            for name, spec in specs.items()
            if name in person
        ]
    )


def identity(subject: Subject, words: Words) -> Html:
    """Return which bytes speak, where the figures come from, and under which terms."""
    model = subject.model
    definition = model.definition
    return facts(
        [
            (words.say("fact.id"), f"{definition.id} {definition.version}"),
            (words.say("fact.state"), words.say(f"state.{subject.state}")),
            (words.say("fact.graph"), element("code", f"sha256:{model.digest}")),
            (words.say("fact.manifest"), element("code", f"sha256:{model.manifest_digest}")),
            (words.say("fact.software"), subject.deployment.software),
            (words.say("fact.citation"), link(definition.citation_url, definition.citation)),
            (
                words.say("fact.provenance"),
                element("span", definition.coefficient_provenance, lang="en"),
            ),
            (words.say("fact.licence"), element("span", definition.licence, lang="en")),
        ]
    )
