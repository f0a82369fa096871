"""A running server under hostile input: each refused for what it is, and the server goes on.

After every test the server answers an ordinary read within a second, and over all of them its
memory grows by no more than `GROWTH`: what is refused leaves nothing behind.
"""

import gzip
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from fhir_server.demo.server import DemoServer, running
from tests.support.fhir_http import FHIR, problem
from tests.support.fhir_store import hba1c, patient
from tests.support.server import LOCAL_CODES

MEGABYTE = 1024 * 1024
# From 144 MB after the start; a body of 5 MB made of the smallest objects takes some 130 MB while
# it is read, and the allocator keeps part of that for the next.
GROWTH = 200 * MEGABYTE
ORDINARY = 1.0


@pytest.fixture(scope="module")
def server() -> Iterator[DemoServer]:
    with running(local_codes=LOCAL_CODES) as started:
        httpx.put(f"{started.url}/fhir/Patient/p1", json=patient("p1"), headers=FHIR)
        at_start.append(memory(started))
        yield started


at_start: list[int] = []


@pytest.fixture(autouse=True)
def still_well(server: DemoServer) -> Iterator[None]:
    yield
    started = time.perf_counter()
    assert httpx.get(f"{server.url}/fhir/Patient/p1").status_code == 200
    assert time.perf_counter() - started < ORDINARY
    assert memory(server) - at_start[0] < GROWTH


def memory(server: DemoServer) -> int:
    """Return the resident memory of the server, in bytes."""
    for line in Path(f"/proc/{server.pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("the server is gone")


def send(server: DemoServer, body: bytes, path: str = "Patient", **headers: str) -> httpx.Response:
    url = f"{server.url}/fhir/{path}".rstrip("/")
    return httpx.post(url, content=body, headers=FHIR | headers, timeout=60)


def raw(server: DemoServer, *parts: bytes, wait: float = 30) -> bytes:
    """Send bytes as they are on a connection of their own; return all that comes back."""
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=wait) as connection:
        for part in parts:
            connection.sendall(part)
        return received(connection)


def received(connection: socket.socket) -> bytes:
    found = b""
    try:
        while chunk := connection.recv(65536):
            found += chunk
            head, _, body = found.partition(b"\r\n\r\n")
            length = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-l")]
            if length and len(body) >= int(length[0].split(b":")[1]):
                break
    except ConnectionError:
        pass
    return found


def head(length: int | None, *more: bytes, method: bytes = b"POST /fhir/Patient") -> bytes:
    lines = [method + b" HTTP/1.1", b"host: test", b"content-type: application/fhir+json", *more]
    if length is not None:
        lines.append(b"content-length: %d" % length)
    return b"\r\n".join(lines) + b"\r\n\r\n"


def named(text: bytes) -> bytes:
    return b'{"resourceType":"Patient","name":[{"family":"%s"}]}' % text


def nested(levels: int) -> bytes:
    """A Patient whose extensions reach `levels` of nesting: two for each, one for itself."""
    inner: dict[str, Any] = {"url": "urn:x", "valueBoolean": True}
    for _ in range((levels - 1) // 2 - 1):
        inner = {"url": "urn:x", "extension": [inner]}
    if levels % 2 == 0:  # the innermost holds one more object
        deepest = inner
        while "extension" in deepest:
            (deepest,) = deepest["extension"]
        del deepest["valueBoolean"]
        deepest["valuePeriod"] = {"start": "2026"}
    return json.dumps({"resourceType": "Patient", "extension": [inner]}).encode()


BUNDLE = b'{"resourceType":"Bundle","type":"batch","entry":[%s]}'
SMALL = b'{"request":{"method":"GET","url":"Patient/p1"}}'

BODIES = {
    "a resource of 10 MB": (named(b"x" * 10 * MEGABYTE), 413, "too-long"),
    "64 levels": (nested(64), 201, None),
    "65 levels": (nested(65), 400, "structure"),
    "100,000 arrays": (b'{"resourceType":"Patient","name":' + b"[" * 100_000, 400, "structure"),
    "100,000 objects": (b'{"a":' * 100_000, 400, "structure"),
    "a thousand levels and no end": (b'{"a":' * 980 + b"x", 400, "structure"),
    "invalid UTF-8": (named(b"\xff\xfe"), 400, "structure"),
    "UTF-8 of a surrogate": (named(b"\xed\xa0\x80"), 400, "structure"),
    "an overlong slash": (named(b"\xc0\xaf"), 400, "structure"),
    "UTF-16": (named(b"x").decode().encode("utf-16"), 400, "structure"),
    "a byte order mark": (b"\xef\xbb\xbf" + named(b"x"), 400, "structure"),
    "a NUL": (named(rb"\u0000"), 422, "value"),
    "a NUL as it is": (named(b"\x00"), 400, "structure"),
    "half a surrogate pair": (named(rb"\ud800"), 400, "structure"),
    "the halves the wrong way round": (named(rb"\udc00\ud800"), 400, "structure"),
    "1e999999": (b'{"resourceType":"Patient","multipleBirthInteger":1e999999}', 400, "value"),
    "an exponent that no integer holds": (b'{"a":1e99999999999999999999}', 400, "value"),
    "1,000 digits": (b'{"resourceType":"Patient","multipleBirthInteger":%s}' % (b"9" * 1000),
                     422, "value"),
    "a million digits": (b'{"a":%s}' % (b"9" * 1_000_000), 400, "value"),
    "a million decimals": (b'{"a":0.%s}' % (b"9" * 1_000_000), 400, "value"),
    "NaN": (b'{"a":NaN}', 400, "structure"),
    "Infinity": (b'{"a":-Infinity}', 400, "structure"),
    "a key of 4 MB": (b'{"resourceType":"Patient","%s":1}' % (b"k" * 4 * MEGABYTE),
                      422, "structure"),
    "a type of 4 MB": (b'{"resourceType":"%s"}' % (b"P" * 4 * MEGABYTE), 400, "invalid"),
    "200,000 unknown keys": (
        b'{"resourceType":"Patient",%s}' % b",".join(b'"k%d":1' % n for n in range(200_000)),
        422, "structure",
    ),
    "a key twice after 200,000": (
        b'{"resourceType":"Patient",%s,"k7":2}' % b",".join(b'"k%d":1' % n for n in range(200_000)),
        400, "structure",
    ),
    "1,600,000 empty objects": (
        b'{"resourceType":"Patient","name":[%s]}' % b",".join([b"{}"] * 1_600_000),
        422, "structure",
    ),
    "100,000 unknown profiles": (
        b'{"resourceType":"Patient","meta":{"profile":[%s]}}'
        % b",".join(b'"urn:p%d"' % n for n in range(100_000)),
        201, None,
    ),
    "entities in a narrative": (
        json.dumps({"resourceType": "Patient", "text": {"status": "generated", "div":
            '<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
            '<div xmlns="http://www.w3.org/1999/xhtml">&b;</div>'}}).encode(),
        422, "invariant",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_a_body(server: DemoServer, name: str) -> None:
    body, status, code = BODIES[name]
    started = time.perf_counter()
    answer = send(server, body, Prefer="return=OperationOutcome")
    assert time.perf_counter() - started < 10
    assert answer.status_code == status, answer.text[:500]
    assert len(answer.content) < 64 * 1024
    if code is not None:
        assert problem(answer)[1] == code


BUNDLES = {
    "100,000 entries": (BUNDLE % b",".join([SMALL] * 100_000), 413),
    "100,000 empty entries": (BUNDLE % b",".join([b"{}"] * 100_000), 413),
    "5,000 entries": (BUNDLE % b",".join([SMALL] * 5_000), 200),
    "5,001 entries": (BUNDLE % b",".join([SMALL] * 5_001), 413),
}


@pytest.mark.parametrize("name", BUNDLES)
def test_a_bundle(server: DemoServer, name: str) -> None:
    body, status = BUNDLES[name]
    answer = send(server, body, "")
    assert answer.status_code == status
    if status == 413:
        assert problem(answer)[1] == "too-long"


def test_a_transaction_of_4000_entries_that_all_name_each_other(server: DemoServer) -> None:
    """Full URLs of one base: each reference is looked up, not searched for."""
    base = "https://lis.example/fhir"
    entries = [
        {
            "fullUrl": f"{base}/Patient/x{n}",
            "resource": patient(f"x{n}", link=[
                {"other": {"reference": f"Patient/x{n - 1 or 3999}"}, "type": "seealso"}
            ]),
            "request": {"method": "POST", "url": "Patient"},
        }
        for n in range(1, 4000)
    ]  # fmt: skip
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    started = time.perf_counter()
    answer = send(server, json.dumps(bundle).encode(), "")
    assert answer.status_code == 200, answer.text[:300]
    assert time.perf_counter() - started < 30


@pytest.mark.parametrize("times", [1, 2])
def test_a_gzip_bomb(server: DemoServer, times: int) -> None:
    body = named(b" " * 200 * MEGABYTE)
    for _ in range(times):
        body = gzip.compress(body, 9)
    answer = send(server, body, **{"Content-Encoding": "gzip"})
    # Zipped twice, what it holds is gzip and no JSON.
    assert problem(answer)[:2] == ((413, "too-long") if times == 1 else (400, "structure"))


@pytest.mark.parametrize(
    "body", [b"no gzip", gzip.compress(b"{}")[:-4], gzip.compress(b"{}") + b"more"]
)
def test_a_gzip_body_that_is_none(server: DemoServer, body: bytes) -> None:
    assert problem(send(server, body, **{"Content-Encoding": "gzip"}))[:2] == (400, "structure")


def test_a_chunked_body_without_end_is_refused_at_the_limit(server: DemoServer) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(head(None, b"transfer-encoding: chunked"))
        for _ in range(6 * MEGABYTE // 65536):
            connection.sendall(chunk)
        assert received(connection).startswith(b"HTTP/1.1 413 ")


def test_senders_that_trickle_hold_up_no_one(server: DemoServer) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    opened = [socket.create_connection((host, int(port)), timeout=30) for _ in range(100)]
    try:
        for number, connection in enumerate(opened):
            connection.sendall(head(1000)[: 20 + number * 3])  # some in the head, some in the body
        for _ in range(3):
            started = time.perf_counter()
            assert httpx.get(f"{server.url}/fhir/Patient/p1").status_code == 200
            assert time.perf_counter() - started < ORDINARY
    finally:
        for connection in opened:
            connection.close()


LIES = {
    "two lengths": head(10, b"content-length: 20") + b"{}",
    "a length and chunks": head(2, b"transfer-encoding: chunked") + b"0\r\n\r\n",
    "a negative length": head(None, b"content-length: -1") + b"{}",
    "a length in words": head(None, b"content-length: two") + b"{}",
    "a chunk size in words": head(None, b"transfer-encoding: chunked") + b"zz\r\n",
    "no HTTP": b"\x16\x03\x01\x02\x00hello\r\n\r\n",
    "a header without a name": b"GET /fhir/metadata HTTP/1.1\r\n: x\r\n\r\n",
    "a NUL in a header": b"GET /fhir/metadata HTTP/1.1\r\nhost: a\x00b\r\n\r\n",
}


@pytest.mark.parametrize("name", LIES)
def test_a_request_that_lies_about_itself(server: DemoServer, name: str) -> None:
    answer = raw(server, LIES[name])
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"OperationOutcome" in answer


def test_a_length_beyond_the_limit_is_refused_before_the_body(server: DemoServer) -> None:
    answer = raw(server, head(10**15))
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"OperationOutcome" in answer


def test_a_body_shorter_than_its_length_is_dropped(server: DemoServer) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    before = total(server)
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(head(1000) + named(b"x"))
    assert total(server) == before


def total(server: DemoServer) -> int:
    found: int = httpx.get(f"{server.url}/fhir/Patient?_summary=count").json()["total"]
    return found


def test_a_body_longer_than_its_length_is_no_second_request(server: DemoServer) -> None:
    body, before = named(b"x"), total(server)
    answer = raw(server, head(len(body)) + body + body)
    # What follows is no HTTP: the connection ends, perhaps before the first answer is out.
    assert answer.startswith((b"HTTP/1.1 201 ", b"HTTP/1.1 400 "))
    assert total(server) - before <= 1


HEADS = {
    "a URL of 1 MB": (b"GET /fhir/Patient?name=" + b"x" * MEGABYTE + b" HTTP/1.1\r\n", 431),
    "a header of 1 MB": (b"GET /fhir/Patient HTTP/1.1\r\naccept: " + b"x" * MEGABYTE, 431),
    "100,000 headers": (b"GET /fhir/Patient HTTP/1.1\r\n" + b"a: b\r\n" * 100_000, 431),
}


@pytest.mark.parametrize("name", HEADS)
def test_a_head_without_end(server: DemoServer, name: str) -> None:
    sent, status = HEADS[name]
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        try:
            connection.sendall(sent)
        except ConnectionError:
            return  # refused while it was still sending
        answer = received(connection)
    # A reset may overtake the answer where the sender has not read yet.
    assert answer == b"" or answer.startswith(b"HTTP/1.1 %d " % status)


def test_trailers_without_end(server: DemoServer) -> None:
    sent = head(None, b"transfer-encoding: chunked") + b"2\r\n{}\r\n0\r\n" + b"a: b\r\n" * 100_000
    answer = raw(server, sent)
    assert not answer.startswith(b"HTTP/1.1 2")


SEARCHES = {
    "a value of 20,000 characters": ("Patient?name=" + "x" * 20_000, {400, 414, 200}),
    "an id of 20,000 characters": ("Patient/" + "x" * 20_000, {400, 404}),
    "a type of 20,000 characters": ("x" * 20_000, {404}),
    "a parameter of 20,000 characters": ("Patient?" + "x" * 20_000 + "=1", {400}),
    "1,000 parameters": ("Patient?" + "&".join(["name=x"] * 1_000), {400}),
    "1,000 values": ("Patient?name=" + ",".join(["x"] * 1_000), {400}),
    "a NUL": ("Patient?name=%00", {200, 400}),
    "half a surrogate": ("Patient?name=%ED%A0%80", {200, 400}),
    "invalid UTF-8": ("Patient?name=%FF%FE", {200, 400}),
    "an id with a NUL": ("Patient/%00", {400, 404}),
    "a path upwards": ("Patient/..%2f..%2fetc%2fpasswd", {404}),
    "a number of 400 digits": ("Observation?_count=" + "9" * 400, {400}),
    "a date of the year 99999": ("Observation?date=99999-01-01", {400}),
    "a cursor of rubbish": ("Patient?_cursor=" + "A" * 5_000, {400}),
    "a version of 40 digits": ("Patient/p1/_history/" + "9" * 40, {404}),
    "a % that is none": ("Patient?name=%zz", {200, 400}),
}


@pytest.mark.parametrize("name", SEARCHES)
def test_an_address(server: DemoServer, name: str) -> None:
    path, statuses = SEARCHES[name]
    answer = httpx.get(f"{server.url}/fhir/{path}", timeout=30)
    assert answer.status_code in statuses
    assert len(answer.content) < 64 * 1024
    if answer.status_code >= 400:
        problem(answer)


@pytest.mark.parametrize(
    ("method", "path", "name", "values"),
    [
        ("PUT", "Patient/p1", "If-Match", ('W/"1"', 'W/"2"')),
        ("PUT", "Patient/p1", "Content-Type", ("application/fhir+json", "text/plain")),
        ("POST", "Patient", "If-None-Exist", ("identifier=1", "identifier=2")),
        ("POST", "Patient", "Content-Encoding", ("gzip", "identity")),
        ("GET", "Patient/p1", "If-Modified-Since", ("Mon, 11 May 2026 08:00:00 GMT",) * 2),
    ],
)
def test_a_header_that_stands_twice(
    server: DemoServer, method: str, path: str, name: str, values: tuple[str, str]
) -> None:
    headers = [(name, value) for value in values]
    if method != "GET" and name != "Content-Type":
        headers.append(("Content-Type", "application/fhir+json"))
    content = json.dumps(patient("p1")).encode() if method != "GET" else None
    answer = httpx.request(method, f"{server.url}/fhir/{path}", content=content, headers=headers)
    assert problem(answer)[:2] == (400, "value")
    assert name.lower() in answer.text.lower()


def test_a_patch_that_copies_copies(server: DemoServer) -> None:
    copy = {"op": "copy", "from": "/name", "path": "/name/-"}
    answer = httpx.patch(
        f"{server.url}/fhir/Patient/p1",
        content=json.dumps([copy] * 60).encode(),
        headers={"Content-Type": "application/json-patch+json"},
        timeout=30,
    )
    assert problem(answer)[0] in (400, 422)


def test_hook_calls_of_the_same_kind(server: DemoServer) -> None:
    url = f"{server.url}/cds-services/chronic-kidney-disease"
    twice = b'{"hook":"patient-view","context":{"patientId":"1","patientId":"2"}}'
    for body in (b"[" * 100_000, b'{"a":1e999999}', twice, b"x" * 10 * MEGABYTE, b"\xff"):
        answer = httpx.post(url, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code in (400, 404, 413)


def test_what_is_stored_is_what_was_sent(server: DemoServer) -> None:
    """After all this: a result goes in and comes out digit for digit."""
    body = json.dumps(hba1c("o1")).replace('"final"', '"final"').encode()
    body = body[:-1] + b',"valueQuantity":{"value":6.10}}'
    url = f"{server.url}/fhir/Observation/o1"
    assert httpx.put(url, content=body, headers=FHIR).status_code == 201
    assert b'"value":6.10}' in httpx.get(url).content
