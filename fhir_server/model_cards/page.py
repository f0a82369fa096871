"""A model card as one HTML page: no script, no picture from elsewhere, one style sheet inside."""

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import groupby
from typing import Any, Final

from cds_hooks.notice import Notice
from fhir_server.model_cards import curve, sections
from fhir_server.model_cards.attributes import Answered, Part, answered, part
from fhir_server.model_cards.drawing import drawing
from fhir_server.model_cards.html import Child, Html, document, element, link, together, verbatim
from fhir_server.model_cards.sections import section
from fhir_server.model_cards.subject import Subject
from fhir_server.model_cards.words import Words
from inference.contract import Language, ModelDefinition
from inference.source_attributes import Standing, WrittenAttributes, statements

_OTHER: Final[dict[Language, Language]] = {"zh-CN": "en", "en": "zh-CN"}
_SECTIONS: Final = (
    "summary", "inputs", "thresholds", "exclusions", "evidence", "drawing", "limits", "examples",
    "attributes", "sources", "identity",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Read:
    """What a card is made of, read once."""

    subject: Subject
    written: WrittenAttributes | None
    examples: list[dict[str, Any]]
    words: Words

    def part(self, name: str) -> Part:
        """Return one statement that people wrote."""
        said = {} if self.written is None else statements(self.written)
        return part(said.get(name), self.words)

    @property
    def sources(self) -> tuple[str, ...]:
        """Where the figures come from, each once, in the order in which it is first named."""
        said = {} if self.written is None else statements(self.written)
        return tuple(dict.fromkeys(source for each in said.values() for source in each.sources))

    def said(self, one: Part) -> Html:
        """Return a statement; what is not known is marked in words, not in colour alone."""
        mark = None
        if one.standing is not Standing.STATED:
            label = self.words.say(f"standing.{one.standing.value}")
            mark = element("strong", label, class_="mark")
        numbers = [self.sources.index(source) + 1 for source in one.sources]
        notes = [element("a", f"[{number}]", href=f"#source-{number}") for number in numbers]
        return element("p", mark, " " if mark else None, one.text, " " if notes else None, *notes)


def page(subject: Subject, words: Words) -> str:
    """Return the whole page; `ModelRefused` where a file of the model has changed."""
    model = subject.model
    read = _Read(subject, model.written_attributes(), model.worked_examples(), words)
    name = words.text(model.definition.name)
    title = words.say("page.title", model=name)
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        verbatim(style()),
    )
    body = element(
        "body",
        element("a", words.say("page.skip"), href="#main", class_="skip"),
        _banner(read, title),
        _contents(words),
        element("main", *_sections(read), id="main"),
        element("footer", element("p", Notice(words.language).text)),
    )
    return document(head=head, body=body, lang=words.language)


@cache
def style() -> str:
    """Return the style sheet."""
    return (resources.files("fhir_server.model_cards") / "card.css").read_text(encoding="utf-8")


@cache
def policy() -> str:
    """Return the Content-Security-Policy: nothing is loaded, and only this style sheet holds."""
    digest = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )


def _banner(read: _Read, title: str) -> Html:
    subject, words = read.subject, read.words
    definition = subject.model.definition
    other = _OTHER[words.language]
    return element(
        "header",
        element("h1", title),
        element(
            "p",
            words.say(
                "page.line",
                id=definition.id,
                version=definition.version,
                state=words.say(f"state.{subject.state}"),
                kind=words.say(f"task.{definition.task_class.value}"),
            ),
        ),
        element(
            "p",
            element(
                "a", words.say("page.other-language"), href=subject.address(language=other),
                hreflang=other, lang=other,
            ),
            " · ",
            link(subject.address(language=words.language, form="fhir"), words.say("page.fhir")),
        ),
    )  # fmt: skip


def _contents(words: Words) -> Html:
    items = (
        element("li", element("a", words.say(f"section.{id}"), href=f"#{id}")) for id in _SECTIONS
    )
    label = words.say("page.contents")
    return element("nav", element("h2", label), element("ol", *items), aria_label=label)


def _sections(read: _Read) -> list[Html]:
    definition, words = read.subject.model.definition, read.words
    parts: dict[str, Child] = {
        "summary": _summary(read),
        "inputs": together(
            element("p", words.say("inputs.note")), sections.input_table(read.subject, words)
        ),
        "thresholds": sections.scales(definition, words),
        "exclusions": sections.exclusions(definition, words),
        "evidence": sections.evidence(read.subject, words),
        "drawing": _drawing(read),
        "limits": _limits(read),
        "examples": sections.examples(read.examples, definition, words),
        "attributes": _attributes(read),
        "sources": _sources(read),
        "identity": sections.identity(read.subject, words),
    }
    return [section(id, words.say(f"section.{id}"), parts[id]) for id in _SECTIONS]


def _summary(read: _Read) -> Html:
    definition, words = read.subject.model.definition, read.words
    evidence = read.subject.evidence
    here = words.say(
        "relevance.here",
        region=read.subject.deployment.region,
        grade=words.say(f"grade.{evidence.grade.value}"),
        summary=words.text(evidence.summary),
    )
    outcomes = sections.bullets(_outcomes(read))
    pairs: list[tuple[str, Child]] = [
        (words.say("fact.outcomes"), outcomes),
        (words.say("attribute.population"), words.text(definition.population)),
        (words.say("attribute.intended_use"),
         read.said(read.part("intended_use"))),
        (words.say("attribute.cautioned_use"),
         read.said(read.part("cautioned_use"))),
        (words.say("fact.evidence-here"), here),
        (words.say("fact.question"), words.text(definition.question.name)),
        (words.say("fact.voice"), _voice(definition, words)),
        (words.say("fact.registration"),
         read.said(read.part("registration"))),
    ]  # fmt: skip
    return sections.facts(pairs)


def _voice(definition: ModelDefinition, words: Words) -> str:
    """Return whether the model answers unasked, where, and why."""
    if definition.speaks is not None:
        where = ", ".join(definition.speaks.regions) or words.say("voice.everywhere")
        return words.say("voice.unasked", where=where, why=words.text(definition.speaks.why))
    why = "" if definition.on_request is None else words.text(definition.on_request)
    return words.say("voice.on-request", why=why)


def _outcomes(read: _Read) -> list[str]:
    words = read.words
    return [
        words.text(outcome.name)
        if outcome.horizon_years is None
        else words.say("outcome.years", outcome=words.text(outcome.name),
                       years=outcome.horizon_years)
        for outcome in read.subject.model.definition.outcomes
    ]  # fmt: skip


def _drawing(read: _Read) -> Child:
    found = curve.drawn(read.subject.model, read.examples)
    if found is None:
        return element("p", read.words.say("drawing.none"))
    return drawing(found, read.subject.model.definition, read.words)


def _limits(read: _Read) -> Html:
    words = read.words
    return together(
        sections.bullets(words.text(each) for each in read.subject.model.definition.limits),
        element("h3", words.say("limits.checked")),
        read.said(read.part("checked_against")),
    )


def _attributes(read: _Read) -> Html:
    """Return the 31 under the nine headings of the regulation."""
    words = read.words
    all_of_them = answered(read.subject, read.written, words)
    groups = [
        together(
            element("h3", words.say(f"group.{number}")),
            element("dl", *(_answered(each, read) for each in group)),
        )
        for number, group in groupby(all_of_them, key=lambda each: each.attribute.paragraph[0])
    ]
    return together(element("p", words.say("attributes.note")), *groups)


def _answered(each: Answered, read: _Read) -> Html:
    paragraph = element("small", each.paragraph)
    said = [read.said(one) for one in each.parts]
    return element(
        "div",
        element("dt", each.title, " ", paragraph, title=each.citation),
        element("dd", *said),
        id=f"attribute-{each.attribute.id}",
    )


def _sources(read: _Read) -> Html:
    """Return what the numbers in brackets stand for."""
    if not read.sources:
        return element("p", read.words.say("sources.none"))
    return element(
        "ol",
        *(
            element("li", link(source, source), id=f"source-{number}")
            for number, source in enumerate(read.sources, 1)
        ),
    )
