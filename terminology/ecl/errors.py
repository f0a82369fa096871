"""An expression constraint that is refused: where, what stands there and what would be right."""

from typing import Final

# http://hl7.org/fhir/R4/valueset-issue-type.html
INVALID: Final = "invalid"
NOT_SUPPORTED: Final = "not-supported"
TOO_COSTLY: Final = "too-costly"
_SHOWN: Final = 24


class EclError(ValueError):
    """An ECL text that is not evaluated; `position` counts characters from 0.

    `code` is the FHIR issue type: `invalid` where the text is no ECL or contradicts the release,
    `not-supported` where it is ECL that this server does not evaluate, `too-costly` where it
    passes a limit.
    """

    def __init__(self, text: str, position: int, reason: str, code: str = INVALID) -> None:
        self.position = position
        self.found = text[position : position + _SHOWN]
        self.reason = reason
        self.code = code
        place = f"«{self.found}»" if self.found else "the end of the text"
        super().__init__(f"ECL at character {position + 1}, {place}: {reason}")
