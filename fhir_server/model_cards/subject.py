"""What a model card is about: one version of a model at one deployment."""

from collections.abc import Collection
from dataclasses import dataclass

from cds_hooks.model_links import model_card_url
from inference.contract import Language, PopulationEvidence
from inference.registry import LoadedModel
from terminology.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Deployment:
    """Where a model card is made.

    `region` is the ISO 3166 country whose evidence counts; `validated` holds `id@version` of the
    models that the hospital validated on its own patients.
    """

    public_url: str
    region: str
    validated: Collection[str]
    software: str
    catalogue: Catalogue


@dataclass(frozen=True, slots=True)
class Subject:
    """One version of a model and its state (`active`, `shadow`, ...) at a deployment."""

    model: LoadedModel
    state: str
    deployment: Deployment

    @property
    def evidence(self) -> PopulationEvidence:
        """The evidence that counts here."""
        return self.model.definition.evidence_for(self.deployment.region)

    @property
    def validated_here(self) -> bool:
        """Whether the hospital says that it has validated this version."""
        definition = self.model.definition
        return f"{definition.id}@{definition.version}" in self.deployment.validated

    def address(self, *, language: Language | None = None, form: str | None = None) -> str:
        """Return the absolute address of this card."""
        asked = {"language": language, "_format": form}
        more = "".join(f"&{name}={value}" for name, value in asked.items() if value)
        return model_card_url(self.deployment.public_url, self.model.definition) + more
