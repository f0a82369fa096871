"""Ids of new resources."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from fhir_server.store.identity import OrderedIds, new_id
from tests.support.fhir_store import NOW


def test_ids_differ_whichever_thread_makes_them() -> None:
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(lambda _: new_id(NOW), range(5000)))
    assert len(set(made)) == len(made)


def test_later_ids_sort_later() -> None:
    assert new_id(NOW) < new_id(NOW + timedelta(milliseconds=1))


def test_a_forked_process_makes_others() -> None:
    new_id(NOW)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, new_id(NOW).encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reader, 64).decode() != new_id(NOW)
    os.close(reader)
    os.close(writer)


def test_ids_in_order_grow_within_a_millisecond_and_when_the_clock_is_set_back() -> None:
    ids = OrderedIds()
    made = [ids.next(at) for at in (NOW, NOW, NOW - timedelta(hours=1), NOW, NOW)]
    made.append(ids.next(NOW + timedelta(milliseconds=1)))
    assert made == sorted(set(made))
    assert {len(each) for each in made} == {20}


def test_two_makers_of_one_millisecond_make_different_ids() -> None:
    assert OrderedIds().next(NOW) != OrderedIds().next(NOW)
