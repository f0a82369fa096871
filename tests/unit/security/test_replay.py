"""A token that was seen is refused until it would be refused as expired."""

import pytest

from security.replay import MemoryReplayStore, ReplayStoreFull


def test_second_use_is_refused_until_expiry() -> None:
    store = MemoryReplayStore()
    assert store.first_use("emr", "a", until=100, now=0)
    assert not store.first_use("emr", "a", until=100, now=99.9)
    assert store.first_use("emr", "a", until=300, now=100)


def test_a_full_store_refuses_rather_than_forgets() -> None:
    store = MemoryReplayStore(per_issuer=2)
    store.first_use("emr", "a", until=100, now=0)
    store.first_use("emr", "b", until=50, now=0)
    with pytest.raises(ReplayStoreFull):
        store.first_use("emr", "c", until=100, now=0)
    assert not store.first_use("emr", "a", until=100, now=0)


def test_one_issuers_flood_leaves_the_others_alone() -> None:
    store = MemoryReplayStore(per_issuer=1)
    store.first_use("emr", "a", until=100, now=0)
    assert store.first_use("other", "a", until=100, now=0)


def test_expired_tokens_make_room_in_any_order() -> None:
    store = MemoryReplayStore(per_issuer=2)
    store.first_use("emr", "late", until=100, now=0)
    store.first_use("emr", "early", until=10, now=0)
    assert store.first_use("emr", "next", until=110, now=10)
    assert not store.first_use("emr", "late", until=100, now=10)
