"""What a CDS service is: its discovery entry as data, and how it evaluates a call."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cds_hooks.protocol import HookRequest
from inference.contract import Language, Text


@dataclass(frozen=True, slots=True)
class HookService:
    """A service: `check` refuses a call whose hook context is not what the hook defines."""

    id: str
    hook: str
    title: Text
    description: Text
    usage_requirements: Text
    analytes: tuple[str, ...]
    check: Callable[[HookRequest], None]

    def discovery(self, *, prefetch: Mapping[str, str], language: Language) -> dict[str, Any]:
        """Return the service's entry of the discovery document."""
        return {
            "id": self.id,
            "hook": self.hook,
            "title": self.title.said_in(language),
            "description": self.description.said_in(language),
            "usageRequirements": self.usage_requirements.said_in(language),
            "prefetch": dict(prefetch),
        }
