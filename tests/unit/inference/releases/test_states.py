"""The life of a version: what a quality officer may decide, and what it comes to."""

import pytest

from inference.registry import ModelRefused
from inference.releases.states import ALLOWED, Entry, Ledger, State, rolled_back

PAR = "china-par"


def act(version, was, state, *, replaces=None, kind="state", id=PAR):
    return Entry("2026-11-23T02:00:00+00:00", "Dr Wu", "a test", kind, id, version, "0" * 64,
                 State(was), State(state), replaces)  # fmt: skip


INTO_SERVICE = (
    act("1.1.0", "draft", "shadow"),
    act("1.1.0", "shadow", "active", replaces="1.0.0"),
)


def test_a_shipped_model_begins_active_and_an_installed_one_as_a_draft():
    assert Ledger().state(PAR, "1.0.0", shipped=True) is State.ACTIVE
    assert Ledger().state(PAR, "1.1.0", shipped=False) is State.DRAFT


def test_a_new_version_in_service_retires_the_one_before():
    ledger = Ledger.of(INTO_SERVICE)
    assert ledger.active(PAR) == "1.1.0"
    assert ledger.state(PAR, "1.0.0", shipped=True) is State.RETIRED
    assert ledger.entry(PAR, "1.0.0") == INTO_SERVICE[1]


def test_a_rollback_brings_back_the_one_before_and_a_second_one_does_not_undo_it():
    ledger = Ledger.of(INTO_SERVICE)
    back = rolled_back(ledger, act("", "draft", "draft"))
    assert (back.version, back.replaces) == ("1.0.0", "1.1.0")
    after = ledger.after(back)
    assert after.active(PAR) == "1.0.0"
    assert after.state(PAR, "1.1.0", shipped=False) is State.RETIRED
    with pytest.raises(ModelRefused, match="no version was active before"):
        rolled_back(after, act("", "draft", "draft"))


def test_a_version_retired_for_good_is_not_brought_back():
    ledger = Ledger.of((*INTO_SERVICE, act("1.0.0", "retired", "retired")))
    assert ledger.before(PAR) is None


def test_where_the_new_version_was_withdrawn_the_rollback_replaces_nothing():
    ledger = Ledger.of((*INTO_SERVICE, act("1.1.0", "active", "retired")))
    assert ledger.active(PAR) is None
    back = rolled_back(ledger, act("", "draft", "draft"))
    assert (back.version, back.replaces) == ("1.0.0", None)
    assert ledger.after(back).active(PAR) == "1.0.0"


def test_what_an_upgrade_ships_waits_where_people_have_decided():
    assert Ledger.of(INTO_SERVICE).state(PAR, "1.2.0", shipped=True) is State.DRAFT
    looked_at = Ledger.of(INTO_SERVICE[:1])
    assert looked_at.state(PAR, "1.0.0", shipped=True) is State.ACTIVE


@pytest.mark.parametrize(
    "entry",
    [
        act("1.1.0", "draft", "active"),
        act("1.1.0", "draft", "draft"),
        act("1.1.0", "retired", "active"),
        act("1.1.0", "draft", "shadow", replaces="1.0.0"),
        act("1.1.0", "retired", "active", kind="rollback"),
    ],
)
def test_what_no_rule_allows_is_refused(entry):
    with pytest.raises(ModelRefused, match=r"china-par 1\.1\.0: "):
        Ledger().after(entry)


def test_two_versions_are_never_active_at_once():
    ledger = Ledger.of((*INTO_SERVICE, act("1.2.0", "draft", "shadow")))
    with pytest.raises(ModelRefused, match=r"would be active beside 1\.1\.0"):
        ledger.after(act("1.2.0", "shadow", "active"))


def test_every_state_has_its_row_and_none_leads_to_itself():
    assert ALLOWED.keys() == set(State)
    assert all(state not in following for state, following in ALLOWED.items())
