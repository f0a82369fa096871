"""Ids of new resources."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from fhir_server.store.identity import new_id
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
