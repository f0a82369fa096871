"""Relations of codes from the releases of SNOMED CT and RxNorm that the hospital loaded.

Sources: https://www.nlm.nih.gov/research/umls/rxnorm/overview.html (which types of drug names are
related by what), SNOMED CT Editorial Guide, "Medicinal product" (a product that contains several
substances stands below the product of each).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final

from terminology.code_relations import LISTED_ONLY, CodeRelations
from terminology.codings import RXNORM, SNOMED, Coding
from terminology.drugs import AtcCodes, atc_of, atc_of_substance
from terminology.releases.release import Release
from terminology.releases.shelf import Shelf
from terminology.service.library import precedence

# From a drug, a pack, a brand or a salt towards its ingredients, never back.
_TOWARDS_INGREDIENTS: Final = frozenset(
    ("consists_of", "contains", "form_of", "has_ingredient", "has_ingredients", "has_part",
     "quantified_form_of", "tradename_of")
)  # fmt: skip
_INGREDIENT: Final = "IN"
_NOTHING_KNOWN: Final[AtcCodes] = frozenset()
_FULLY_SPECIFIED: Final = "900000000000003001"
_MEDICINAL_PRODUCT: Final = re.compile(r"Product containing (?:only )?(.+) \(medicinal product\)")
# A hospital uses some thousand drugs and diagnoses.
_REMEMBERED: Final = 16_384


class ReleaseRelations:
    """What one release of SNOMED CT and one of RxNorm say; either may be missing."""

    def __init__(self, snomed: Release | None, rxnorm: Release | None) -> None:
        self._snomed: Final = snomed
        self._rxnorm: Final = rxnorm
        self.ancestors = lru_cache(_REMEMBERED)(self._ancestors)
        self.substances = lru_cache(_REMEMBERED)(self._substances)

    def _ancestors(self, sctid: str) -> frozenset[str] | None:
        if self._snomed is None:
            return None
        # An inactive concept stands below nothing: of what it was, nothing is known.
        return self._snomed.ancestors(sctid) or None

    def _substances(self, drug: Coding) -> Sequence[AtcCodes]:
        listed = LISTED_ONLY.substances(drug)
        if listed:
            return listed
        if drug.system == RXNORM and self._rxnorm is not None:
            return tuple(_ingredients(self._rxnorm, drug.code))
        if drug.system == SNOMED and self._snomed is not None:
            return tuple(_contained(self._snomed, drug.code))
        return ()


class LoadedRelations:
    """The relations of the releases on a shelf, seen anew whenever one is put there."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf: Final = shelf
        self._of: Mapping[str, Sequence[Release]] | None = None
        self._relations: CodeRelations = LISTED_ONLY

    def __call__(self) -> CodeRelations:
        """Return what the newest whole releases say now."""
        held = self._shelf.everything()
        if held is not self._of:
            snomed = [r for r in held.get(SNOMED, ()) if not r.is_flat]
            rxnorm = held.get(RXNORM, ())
            self._relations = LISTED_ONLY
            if snomed or rxnorm:
                newest = (max(some, key=precedence, default=None) for some in (snomed, rxnorm))
                self._relations = ReleaseRelations(*newest)
            self._of = held
        return self._relations


def _ingredients(release: Release, rxcui: str) -> Iterator[AtcCodes]:
    """Yield the ATC codes of each ingredient that is reached; an empty set where a way ends."""
    waiting, seen = [rxcui], {rxcui}
    while waiting:
        code = waiting.pop()
        concept = release.get(code)
        if concept is None:
            if code != rxcui:
                yield _NOTHING_KNOWN
            continue
        kinds = {p.value for p in concept.properties if p.code == "TTY"}
        if _INGREDIENT in kinds:
            told = frozenset(str(p.value) for p in concept.properties if p.code == "ATC")
            yield atc_of(Coding(RXNORM, code)) or told
            continue
        found = {str(p.value) for p in concept.properties if p.code in _TOWARDS_INGREDIENTS}
        if not found:
            yield _NOTHING_KNOWN
        waiting += sorted(found - seen)
        seen |= found


def _contained(release: Release, sctid: str) -> Iterator[AtcCodes]:
    """Yield the ATC codes of each substance that a product above a code, or itself, contains."""
    above = release.ancestors(sctid)
    for code in (sctid, *sorted(above)) if above else ():
        concept = release.get(code)
        if concept is None:
            continue
        for text in concept.designations:
            named = _MEDICINAL_PRODUCT.fullmatch(text.value)
            if named is None or not text.use or text.use.get("code") != _FULLY_SPECIFIED:
                continue
            if " and " not in named[1]:
                yield atc_of(Coding(SNOMED, code)) or atc_of_substance(named[1]) or _NOTHING_KNOWN
