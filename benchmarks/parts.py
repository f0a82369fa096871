"""What the parts of a request cost, each beside what stood in its place: docs/adr/0016."""

import random
import re
import sqlite3
import timeit
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

import msgspec
from opentelemetry import context, trace
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import TraceIdRatioBased
from opentelemetry.trace import NonRecordingSpan, SpanContext
from prometheus_client import CollectorRegistry, Histogram
from starlette.routing import Match, Router

from benchmarks import resources
from fhir_server.r4 import codec
from fhir_server.rest.interactions import fhir_routes
from fhir_server.rest.route_tree import RouteTree

_PATH = "/fhir/Observation/0190a5b2-7c1e-7b9f-8d3a-2f6c1b7e9a01"
_ROWS = 64


def main() -> int:
    """Print the microseconds of each pair, and how many times the first is the second."""
    print("one call, in microseconds: as it was or as the library has it; as it is here\n")
    for name, before, now in (
        ("an address finds its handler", _route_by_route(), _by_tree()),
        ("a request that is not traced", _span_of_sdk(), _only_an_id()),
        ("its time is counted", _sdk_histogram(), _prometheus_histogram()),
        ("one index value is made", _dataclass_value(), _struct_value()),
        (f"{_ROWS} index rows are stored", _row_by_row(), _rows_at_once()),
        ("a Bundle is looked through for -0", _by_look_behind(), _by_plain_beginning()),
    ):
        first, second = _measured(before), _measured(now)
        print(f"{name:<36} {first:8.1f} {second:8.1f}   times {first / second:5.1f}")
    print()
    return 0


def _measured(step: Callable[[], object]) -> float:
    number, _seconds = timeit.Timer(step).autorange()
    return (
        1e6 * min(timeit.repeat(step, number=max(1, number // 4), repeat=5)) / max(1, number // 4)
    )


def _route_by_route() -> Callable[[], object]:
    router = Router(fhir_routes())
    scope = {"type": "http", "method": "GET", "path": _PATH, "headers": [], "root_path": ""}

    def find() -> object:
        return next(r for r in router.routes if r.matches(scope)[0] is Match.FULL)

    return find


def _by_tree() -> Callable[[], object]:
    tree = RouteTree(fhir_routes())
    return lambda: tree.find("GET", _PATH)


def _span_of_sdk() -> Callable[[], object]:
    tracer = TracerProvider(sampler=TraceIdRatioBased(0)).get_tracer("parts")

    def span() -> None:
        with tracer.start_as_current_span("request"):
            pass

    return span


def _only_an_id() -> Callable[[], object]:
    def span() -> None:
        ids = random.getrandbits(128), random.getrandbits(64)
        made = NonRecordingSpan(SpanContext(*ids, is_remote=False))
        context.detach(context.attach(trace.set_span_in_context(made)))

    return span


def _sdk_histogram() -> Callable[[], object]:
    meter = MeterProvider([PrometheusMetricReader(registry=CollectorRegistry())]).get_meter("parts")
    histogram = meter.create_histogram("sdk", unit="s")
    labels = {"route": "/fhir/Observation/{id}", "method": "GET", "status": "200"}
    return lambda: histogram.record(0.001, labels)


def _prometheus_histogram() -> Callable[[], object]:
    names = ("route", "method", "status")
    histogram = Histogram("own", "-", names, registry=CollectorRegistry())
    labelled = histogram.labels("/fhir/Observation/{id}", "GET", "200")
    return lambda: labelled.observe(0.001)


@dataclass(frozen=True, slots=True)
class _Token:
    param: str
    system: str | None
    code: str


class _TokenStruct(msgspec.Struct, frozen=True):
    param: str
    system: str | None
    code: str


def _dataclass_value() -> Callable[[], object]:
    return lambda: _Token("code", "http://loinc.org", "4548-4")


def _struct_value() -> Callable[[], object]:
    return lambda: _TokenStruct("code", "http://loinc.org", "4548-4")


_INSERT = "INSERT INTO token VALUES "
_TABLE = """CREATE TABLE token (param, code, system, rid, PRIMARY KEY (param, code, system, rid))
WITHOUT ROWID"""


def _row_by_row() -> Callable[[], object]:
    file, rows = _database()
    return lambda: file.executemany(f"{_INSERT} (?, ?, ?, ?)", next(rows))


def _rows_at_once() -> Callable[[], object]:
    file, rows = _database()
    statement = _INSERT + ", ".join(["(?, ?, ?, ?)"] * _ROWS)
    return lambda: file.execute(statement, [value for row in next(rows) for value in row])


def _database() -> tuple[sqlite3.Connection, Iterator[list[tuple[int, str, int, int]]]]:
    file = sqlite3.connect(":memory:")
    file.execute(_TABLE)
    rows = ([(5, "4548-4", 2, _ROWS * group + row) for row in range(_ROWS)] for group in count())
    return file, rows


def _by_look_behind() -> Callable[[], object]:
    pattern, body = re.compile(rb"(?<![eE])-0(?=[\s,\]}])"), resources.transaction(1)
    return lambda: pattern.search(body)


def _by_plain_beginning() -> Callable[[], object]:
    body = resources.transaction(1)
    return lambda: codec._MINUS_ZERO.search(body)
