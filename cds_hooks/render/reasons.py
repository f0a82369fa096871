"""Why there is no estimate, in words."""

from cds_hooks.wording import Wording
from inference.prediction import Withheld


def why_withheld(withheld: Withheld, wording: Wording) -> list[str]:
    """Return exclusions, states, then each input that is missing."""
    excluded = [e for e in withheld.model.exclusions if e.flag in withheld.excluded_by]
    found = [wording.text(exclusion.reason) for exclusion in excluded]
    found += [wording.reason(reason) for reason in withheld.reasons]
    found += [
        wording.say(
            "detail.missing-item",
            input=wording.text(spec.label),
            why=wording.reason(absent.reason),
        )
        for spec, absent in withheld.absent
    ]
    return found
