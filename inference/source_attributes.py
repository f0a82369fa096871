"""The 31 source attributes of a predictive intervention, and which of them people write down.

Source: 45 CFR 170.315(b)(11)(iv)(B), the paragraphs as published in 2024 (ONC HTI-1). What a
definition or a deployment already says is taken from there when a model card is made; the rest is
`WrittenAttributes`, one file beside each model.
"""

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Final, Literal

from inference.contract import Text

Origin = Literal["written", "definition", "both"]


class Standing(StrEnum):
    """How far something is known; where it is not, the text says why."""

    STATED = "stated"
    NOT_PUBLISHED = "not-published"
    """The source says that it is not published, or prints nothing of it."""
    NOT_KNOWN = "not-known"
    """We have not seen it; it may be published."""
    NOT_DONE = "not-done"
    """Nobody does it: not this product, nor anybody it knows of."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence or a few of a model, in both languages, with where its figures come from.

    `sources` are web addresses of papers, or references where there is none.
    """

    text: Text
    standing: Standing = Standing.STATED
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Attribute:
    """One of the 31: its name here, its paragraph below (iv)(B), and who says it."""

    id: str
    paragraph: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class WrittenAttributes:
    """What people wrote of one version of a model: `attributes.json` in its folder or release.

    Two fields are none of the 31: `checked_against` says with which programs the figures were
    compared and where those disagree, `registration` where it may be used as a medical device.
    """

    developer: Statement
    funding: Statement
    intended_use: Statement
    users: Statement
    role: Statement
    cautioned_use: Statement
    training_criteria: Statement
    training_population: Statement
    training_relevance: Statement
    fairness_approach: Statement
    bias_handling: Statement
    external_data: Statement
    external_party: Statement
    external_population: Statement
    external_process: Statement
    internal_validity: Statement
    internal_fairness: Statement
    external_validity: Statement
    external_fairness: Statement
    outcome_evaluations: Statement
    validity_monitoring: Statement
    local_validity: Statement
    fairness_monitoring: Statement
    local_fairness: Statement
    updates: Statement
    corrections: Statement
    checked_against: Statement
    registration: Statement


def statements(written: WrittenAttributes) -> dict[str, Statement]:
    """Return every statement by the name of its field."""
    return {each.name: getattr(written, each.name) for each in fields(written)}


ATTRIBUTES: Final = (
    Attribute("developer", "1(i)", "written"),
    Attribute("funding", "1(ii)", "written"),
    Attribute("output", "1(iii)", "definition"),
    Attribute("output_type", "1(iv)", "definition"),
    Attribute("intended_use", "2(i)", "written"),
    Attribute("population", "2(ii)", "definition"),
    Attribute("users", "2(iii)", "written"),
    Attribute("role", "2(iv)", "written"),
    Attribute("cautioned_use", "3(i)", "both"),
    Attribute("known_limits", "3(ii)", "definition"),
    Attribute("training_criteria", "4(i)", "written"),
    Attribute("variables", "4(ii)", "definition"),
    Attribute("training_population", "4(iii)", "written"),
    Attribute("training_relevance", "4(iv)", "both"),
    Attribute("fairness_approach", "5(i)", "written"),
    Attribute("bias_handling", "5(ii)", "written"),
    Attribute("external_data", "6(i)", "written"),
    Attribute("external_party", "6(ii)", "written"),
    Attribute("external_population", "6(iii)", "written"),
    Attribute("external_process", "6(iv)", "written"),
    Attribute("internal_validity", "7(i)", "written"),
    Attribute("internal_fairness", "7(ii)", "written"),
    Attribute("external_validity", "7(iii)", "both"),
    Attribute("external_fairness", "7(iv)", "written"),
    Attribute("outcome_evaluations", "7(v)", "written"),
    Attribute("validity_monitoring", "8(i)", "written"),
    Attribute("local_validity", "8(ii)", "both"),
    Attribute("fairness_monitoring", "8(iii)", "written"),
    Attribute("local_fairness", "8(iv)", "written"),
    Attribute("updates", "9(i)", "written"),
    Attribute("corrections", "9(ii)", "written"),
)
"""The 31, in the order of the regulation."""
