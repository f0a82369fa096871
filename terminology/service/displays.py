"""Whether the display that came with a code is one of its texts."""

from collections.abc import Sequence
from typing import Final

from terminology.service.cautions import ENDED, standards_status
from terminology.service.code_findings import (
    Coded,
    Finding,
    ended_display,
    right_in_default,
    wrong_display,
)
from terminology.service.code_system import CodeSystem
from terminology.service.concept import Concept, Designation
from terminology.service.languages import displays, matches

_WRONG: Final = "Display_Name_for__should_be_one_of__instead_of"
_WHITESPACE: Final = "Display_Name_WS_for__should_be_one_of__instead_of"
_NONE: Final = "NO_VALID_DISPLAY_FOUND_NONE_FOR_LANG_ERR"


def check_display(
    coded: Coded,
    system: CodeSystem,
    concept: Concept,
    languages: Sequence[str],
    *,
    is_lenient: bool,
) -> Finding | None:
    """Return what is wrong with the display of a code, None where it is one of its texts.

    Case and the kind of blanks are no mistake. A text in a language that was not asked for is.
    """
    known = displays(concept, system.language)
    valid = [each for each in known if _is_asked(each, languages)]
    right = [each.value for each in valid if not _ended(each)]
    was = [_ended(e) for e in valid if e.value.casefold() == coded.display.casefold()]
    if right and was and all(was):
        return ended_display(coded, was[0], right)
    if any(_folded(each.value) == _folded(coded.display) for each in valid):
        same = any(each.value.casefold() == coded.display.casefold() for each in valid)
        if same:
            return None
        head, id = f"Wrong whitespace in Display Name '{coded.display}'", _WHITESPACE
    else:
        head, id = f"Wrong Display Name '{coded.display}'", _WRONG
    head += f" for {coded.system}#{coded.code}."
    asked = ", ".join(languages) or "--"
    if not valid and any(_folded(each.value) == _folded(coded.display) for each in known):
        return right_in_default(coded, asked)
    if not valid:
        text = (
            f"{head} There are no valid display names found for language(s) '{asked}'. "
            f"Default display is '{concept.display}'"
        )
        return wrong_display(coded, text, _NONE, is_lenient=is_lenient)
    texts = [f"'{each.value}'" + (f" ({each.language})" * bool(each.language)) for each in valid]
    count = f"display is {texts[0]}"
    if len(texts) > 1:
        count = f"display is one of {len(texts)} choices: {', '.join(texts[:-1])} or {texts[-1]}"
    text = f"{head} Valid {count} (for the language(s) '{asked}')"
    return wrong_display(coded, text, id, is_lenient=is_lenient)


def _is_asked(designation: Designation, languages: Sequence[str]) -> bool:
    if not languages:
        return True
    return not designation.language or any(matches(designation.language, t) for t in languages)


def _ended(designation: Designation) -> str:
    """Return the status of a text that is to be used no more, "" of any other."""
    status = standards_status(designation.extensions)
    return status if status in ENDED else ""


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
