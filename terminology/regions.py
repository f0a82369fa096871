"""Chinese provinces and the side of the Yangtze on which they lie, as China-PAR asks for it."""

from dataclasses import dataclass
from typing import Literal

Side = Literal["north", "south"]


@dataclass(frozen=True, slots=True)
class Province:
    """A province of GB/T 2260; `side` is None where the province does not decide it."""

    code: str
    name_zh: str
    name_en: str
    side: Side | None
    reason: str | None


def find_province(text: str) -> Province | None:
    """The province named by a Chinese or English name or a GB/T 2260 code, None if unknown."""
    raise NotImplementedError
