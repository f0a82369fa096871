"""Reasons as codes with values, put into words where a person reads them."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is missing, refused or less certain; `code` is a key of the text catalogue."""

    code: str
    values: Mapping[str, str] = field(default_factory=dict)
