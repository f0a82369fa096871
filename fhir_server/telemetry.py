"""OpenTelemetry by hand: spans on the hot path, metrics for Prometheus, logs without patient data.

Automatic instrumentation costs more per request than a prediction does (docs/adr/0004).
"""

import logging
import random
import sys
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec
from opentelemetry import context, trace
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.metrics import Counter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import NonRecordingSpan, SpanContext
from prometheus_client import REGISTRY, CollectorRegistry, Histogram, generate_latest

_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0)
_OWN_FIELDS = ("model", "route", "method", "status", "milliseconds", "issue", "state", "control_id",
               "service", "count", "error", "frames", "peer", "reason", "subscription",
               "message_id", "client", "action", "version", "digest", "agrees")  # fmt: skip


_NO_SPAN: AbstractContextManager[object] = nullcontext()


@dataclass(frozen=True, slots=True)
class Telemetry:
    """The instruments of one server."""

    tracer: trace.Tracer
    requests: "RequestTimes"
    cards: Counter
    refused: Counter
    feedback: Counter
    notifications: Counter
    _trace_ratio: float
    _tracers: TracerProvider
    _meters: MeterProvider
    _registry: CollectorRegistry

    @property
    def registry(self) -> CollectorRegistry:
        """Where a room registers Prometheus' own instruments."""
        return self._registry

    def request(self) -> AbstractContextManager[trace.Span]:
        """Open the span of a request; of one that is not sampled, one that has but a trace id.

        What is sampled is decided here: the SDK's sampler is slow to say no (docs/adr/0016).
        """
        if random.random() < self._trace_ratio:  # noqa: S311 (no secret)
            return self.tracer.start_as_current_span("request")
        return _Unsampled()

    def span(self, name: str) -> AbstractContextManager[object]:
        """Time one step of the current request; of one that is not sampled, at no cost."""
        if not trace.get_current_span().is_recording():
            return _NO_SPAN
        return self.tracer.start_as_current_span(name)

    def add_processor(self, processor: SpanProcessor) -> None:
        """Send finished spans to one more place."""
        self._tracers.add_span_processor(processor)

    def metrics(self) -> bytes:
        """Return this server's metrics and the process's in the Prometheus text format."""
        return generate_latest(self._registry) + generate_latest(REGISTRY)

    def close(self) -> None:
        """Export what is left."""
        self._tracers.shutdown()
        self._meters.shutdown()


class RequestTimes:
    """How long requests took, by route, method and status.

    Prometheus' own histogram: the SDK's takes longer for each request (docs/adr/0016).
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._histogram = Histogram(
            "attending_http_request_duration_seconds",
            "Time to answer a request",
            ("route", "method", "status"),
            buckets=_BUCKETS,
            registry=registry,
        )
        self._labelled: dict[tuple[str, str, int], Histogram] = {}

    def record(self, seconds: float, route: str, method: str, status: int) -> None:
        """Count one request."""
        key = (route, method, status)
        labelled = self._labelled.get(key)
        if labelled is None:
            labelled = self._labelled[key] = self._histogram.labels(route, method, str(status))
        labelled.observe(seconds)


class _Unsampled:
    """Makes the lines of one request's log findable by a trace id; records nothing."""

    __slots__ = ("_token",)

    def __enter__(self) -> trace.Span:
        ids = random.getrandbits(128) or 1, random.getrandbits(64) or 1
        span = NonRecordingSpan(SpanContext(*ids, is_remote=False))
        self._token = context.attach(trace.set_span_in_context(span))
        return span

    def __exit__(self, *_failure: object) -> None:
        context.detach(self._token)


def start(*, otlp_endpoint: str | None, trace_ratio: float, version: str) -> Telemetry:
    """Return the instruments; spans go to the OTLP endpoint where one is set."""
    resource = Resource.create({"service.name": "attending", "service.version": version})
    tracers = TracerProvider(resource=resource, sampler=ALWAYS_ON)
    if otlp_endpoint is not None:
        tracers.add_span_processor(_otlp(otlp_endpoint))
    # Not the process's registry, which takes a name once: two servers count apart.
    registry = CollectorRegistry()
    meters = MeterProvider([PrometheusMetricReader(registry=registry)], resource=resource)
    meter = meters.get_meter("attending", version)
    return Telemetry(
        tracer=tracers.get_tracer("attending", version),
        requests=RequestTimes(registry),
        cards=meter.create_counter("attending_cards", description="Cards by model and indicator"),
        refused=meter.create_counter(
            "attending_mllp_refused", description="MLLP connections not let in, by reason"
        ),
        feedback=meter.create_counter(
            "attending_feedback", description="Feedback by service and outcome"
        ),
        notifications=meter.create_counter(
            "attending_notifications", description="Notifications of Subscriptions by outcome"
        ),
        _trace_ratio=trace_ratio,
        _tracers=tracers,
        _meters=meters,
        _registry=registry,
    )


def _otlp(endpoint: str) -> SpanProcessor:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 (slow)
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 (slow)

    return BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint))


class JsonFormatter(logging.Formatter):
    """One JSON object a line, with known fields only: messages of exceptions may hold values of
    patients, so an exception is logged by its type and the places it passed."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        event = record.msg if record.name.startswith(_OWN_LOGGERS) else record.getMessage()
        line: dict[str, Any] = {
            "time": f"{_second(int(record.created))}.{int(record.msecs):03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "event": event,
        }
        known = record.__dict__
        for name in _OWN_FIELDS:
            if name in known:
                line[name] = known[name]
        current = trace.get_current_span().get_span_context()
        if current.is_valid:
            line["trace_id"] = f"{current.trace_id:032x}"
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = record.exc_info[0].__name__
            line["at"] = _places(record)
        return _encoded(line)


_ENCODER = msgspec.json.Encoder(enc_hook=str)


def _encoded(line: dict[str, Any]) -> str:
    return _ENCODER.encode(line).decode()


@lru_cache(maxsize=8)
def _second(at: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at))


_OWN_LOGGERS = ("fhir_server", "cds_hooks", "inference", "terminology", "security")


def _places(record: logging.LogRecord) -> list[str]:
    places = []
    step = record.exc_info[2] if record.exc_info else None
    while step is not None:
        code = step.tb_frame.f_code
        places.append(f"{step.tb_frame.f_globals.get('__name__')}:{step.tb_lineno} {code.co_name}")
        step = step.tb_next
    return places


def log_to_standard_error(level: str) -> None:
    """Send all logs to standard error as JSON lines."""
    # Not asked for by the lines, and half of what a record costs:
    # https://docs.python.org/3/howto/logging.html#optimization
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = False
    logging.logMultiprocessing = False
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # Their lines hold whole URLs, and those may hold a patient's name.
    logging.getLogger("uvicorn.access").disabled = True
    logging.getLogger("httpx").setLevel(logging.WARNING)
