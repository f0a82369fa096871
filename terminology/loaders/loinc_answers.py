"""LOINC's answers, their lists and its groups of terms: AnswerFile and GroupFile.

Sources: LOINC Users' Guide, "LOINC Answers" and "LOINC Groups";
http://hl7.org/fhir/R4/loinc.html, "Answer Lists".
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import msgspec

from terminology.loaders.drafts import Draft, Drafts, position_of
from terminology.loaders.loinc_terms import optional
from terminology.loaders.report import Report
from terminology.loaders.sources import Source
from terminology.loaders.tables import Row, rows
from terminology.releases.form import Text
from terminology.releases.writing import ReleaseWriter

_SETS: Final = "http://loinc.org/vs"
_LIST: Final = re.compile(r"LL[0-9]+-[0-9]")
_ANSWER: Final = re.compile(r"LA[0-9]+-[0-9]")


class Members(msgspec.Struct):
    """The codes of lists and groups by their ids; of what is not `whole` a row was refused."""

    lists: dict[str, list[tuple[int, str]]] = {}
    groups: dict[str, set[str]] = {}
    not_whole: set[str] = set()

    def write(self, writer: ReleaseWriter) -> None:
        """Write the value sets: one of which a code lacks would call a right answer wrong."""
        for name, answers in sorted(self.lists.items()):
            codes = dict.fromkeys(code for _, code in sorted(answers))
            if name not in self.not_whole:
                writer.value_set(f"{_SETS}/{name}", (position_of(writer, c) for c in codes))
        for name, terms in sorted(self.groups.items()):
            if name not in self.not_whole:
                writer.value_set(f"{_SETS}/{name}", (position_of(writer, c) for c in sorted(terms)))


def read_answers(
    sources: Sequence[Source], drafts: Drafts, members: Members, report: Report
) -> None:
    """Add every list and every answer; one and the same answer stands in many lists."""
    file = optional(sources, "AnswerList.csv", "answers and their lists", report)
    needed = ("AnswerListId", "AnswerListName", "AnswerStringId", "SequenceNumber", "DisplayText")
    shown: dict[str, set[str]] = defaultdict(set)
    for row in rows(file, needed, report) if file else ():
        name, answer = row["AnswerListId"], row["AnswerStringId"]
        if _LIST.fullmatch(name) is None:
            report.refuse(row.file, row.line, "no id of an answer list", row.text)
            continue
        drafts.add(Draft(code=name, display=row["AnswerListName"] or name, is_abstract=True))
        if not answer and row["ExtDefinedYN"] == "Y":
            # Its answers are those of another code system: nothing is listed here.
            report.loaded[row.file] += 1
        elif _ANSWER.fullmatch(answer) is None or not row["DisplayText"]:
            members.not_whole.add(name)
            report.refuse(row.file, row.line, "no id of an answer, or no text", row.text)
        else:
            report.loaded[row.file] += 1
            shown[answer].add(row["DisplayText"])
            members.lists.setdefault(name, []).append((_sequence(row), answer))
            drafts.add(Draft(code=answer))
            _answer_of(drafts, name, answer)
    for code, texts in shown.items():
        _show(drafts, code, sorted(texts))


def _answer_of(drafts: Drafts, name: str, code: str) -> None:
    of_list, answer = drafts.get(name), drafts.get(code)
    if of_list is not None and answer is not None:
        of_list.properties.append(("Answer", "valueCode", code))
        answer.filtered_by += (("LIST", name), ("answers-for", name))


def _show(drafts: Drafts, code: str, texts: list[str]) -> None:
    answer = drafts.get(code)
    if answer is not None:
        answer.display = texts[0]
        answer.texts = [Text(each, "en") for each in texts[1:]]


def _sequence(row: Row) -> int:
    return int(row["SequenceNumber"]) if row["SequenceNumber"].isdecimal() else 0


def read_answer_links(
    sources: Sequence[Source], drafts: Drafts, members: Members, report: Report
) -> None:
    """Add to terms the lists of their answers, and how binding each is."""
    file = optional(sources, "LoincAnswerListLink.csv", "the answer lists of terms", report)
    for row in rows(file, ("LoincNumber", "AnswerListId"), report) if file else ():
        draft, name = drafts.get(row["LoincNumber"]), row["AnswerListId"]
        of_list = drafts.get(name)
        if draft is None or of_list is None:
            report.refuse(row.file, row.line, "no such term or no such list", row.text)
            continue
        report.loaded[row.file] += 1
        coding = {"system": "http://loinc.org", "code": name, "display": of_list.display}
        draft.properties.append(("answer-list", "valueCoding", coding))
        if row["AnswerListLinkType"]:
            said = " ".join((f"{name}:", row["AnswerListLinkType"], row["ApplicableContext"]))
            draft.properties.append(("AnswerListLinkType", "valueString", said.strip()))
        for _, code in members.lists.get(name, ()):
            answer = drafts.get(code)
            if answer is not None:
                answer.filtered_by.append(("answers-for", draft.code))


def read_groups(
    sources: Sequence[Source], drafts: Drafts, members: Members, report: Report
) -> None:
    """Note the terms of each group."""
    file = optional(sources, "GroupLoincTerms.csv", "groups of terms", report)
    for row in rows(file, ("GroupId", "LoincNumber"), report) if file else ():
        group, code = row["GroupId"], row["LoincNumber"]
        if code not in drafts or not group.startswith("LG"):
            members.not_whole.add(group)
            report.refuse(row.file, row.line, "no such term, or no id of a group", row.text)
            continue
        report.loaded[row.file] += 1
        members.groups.setdefault(group, set()).add(code)
