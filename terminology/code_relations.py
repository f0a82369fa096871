"""What is known of a code beyond the lists of this product: what stands above it, what is in it."""

from collections.abc import Sequence
from typing import Final, Protocol

from terminology.codings import Coding
from terminology.drugs import AtcCodes, atc_of


class CodeRelations(Protocol):
    """The relations of codes, as the releases that a hospital loaded state them."""

    def __hash__(self) -> int:
        """Return the same for one set of releases: verdicts are remembered by it."""

    def ancestors(self, sctid: str) -> frozenset[str] | None:
        """Return the SNOMED CT codes above a code, None where nothing is known of it."""

    def substances(self, drug: Coding) -> Sequence[AtcCodes]:
        """Return the ATC codes of each active substance of a drug; none where it is not known.

        A substance without an ATC code here has an empty set.
        """


class ListedOnly:
    """What is known where no release is loaded: the ingredients of the product's own table."""

    def ancestors(self, sctid: str) -> frozenset[str] | None:
        """Return None: without a release nothing is known of any code."""
        return None

    def substances(self, drug: Coding) -> Sequence[AtcCodes]:
        """Return the ATC codes of a listed ingredient or class."""
        listed = atc_of(drug)
        return () if listed is None else (listed,)


LISTED_ONLY: Final = ListedOnly()
