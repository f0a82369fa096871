"""OpenTelemetry by hand: spans on the hot path, metrics for Prometheus, logs without patient data.

Automatic instrumentation costs more per request than a prediction does (docs/adr/0004).
"""

import json
import logging
import sys
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from opentelemetry import trace
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.metrics import Counter, Histogram
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.view import ExplicitBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0)
_OWN_FIELDS = ("model", "route", "method", "status", "milliseconds", "issue", "state", "control_id",
               "service", "count", "error", "frames", "peer", "reason", "subscription")  # fmt: skip


_NO_SPAN: AbstractContextManager[object] = nullcontext()


@dataclass(frozen=True, slots=True)
class Telemetry:
    """The instruments of one server."""

    tracer: trace.Tracer
    requests: Histogram
    cards: Counter
    messages: Counter
    feedback: Counter
    notifications: Counter
    _tracers: TracerProvider
    _meters: MeterProvider

    def span(self, name: str) -> AbstractContextManager[object]:
        """Time one step of the current request; of one that is not sampled, at no cost."""
        if not trace.get_current_span().is_recording():
            return _NO_SPAN
        return self.tracer.start_as_current_span(name)

    def add_processor(self, processor: SpanProcessor) -> None:
        """Send finished spans to one more place."""
        self._tracers.add_span_processor(processor)

    def close(self) -> None:
        """Export what is left and unregister the metrics."""
        self._tracers.shutdown()
        self._meters.shutdown()


def start(*, otlp_endpoint: str | None, trace_ratio: float, version: str) -> Telemetry:
    """Return the instruments; spans go to the OTLP endpoint where one is set."""
    resource = Resource.create({"service.name": "attending", "service.version": version})
    tracers = TracerProvider(resource=resource, sampler=ParentBased(TraceIdRatioBased(trace_ratio)))
    if otlp_endpoint is not None:
        tracers.add_span_processor(_otlp(otlp_endpoint))
    seconds = View(
        instrument_name="attending_http_request_duration",
        aggregation=ExplicitBucketHistogramAggregation(_BUCKETS),
    )
    meters = MeterProvider([PrometheusMetricReader()], resource=resource, views=[seconds])
    meter = meters.get_meter("attending", version)
    return Telemetry(
        tracer=tracers.get_tracer("attending", version),
        requests=meter.create_histogram(
            "attending_http_request_duration", unit="s", description="Time to answer a request"
        ),
        cards=meter.create_counter("attending_cards", description="Cards by model and indicator"),
        messages=meter.create_counter(
            "attending_hl7v2_messages", description="HL7v2 messages by acknowledgment"
        ),
        feedback=meter.create_counter(
            "attending_feedback", description="Feedback by service and outcome"
        ),
        notifications=meter.create_counter(
            "attending_notifications", description="Notifications of Subscriptions by outcome"
        ),
        _tracers=tracers,
        _meters=meters,
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
        line: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            + f".{int(record.msecs):03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "event": record.msg if record.name.startswith(_OWN_LOGGERS) else record.getMessage(),
        }
        line |= {name: record.__dict__[name] for name in _OWN_FIELDS if name in record.__dict__}
        context = trace.get_current_span().get_span_context()
        if context.is_valid:
            line["trace_id"] = f"{context.trace_id:032x}"
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = record.exc_info[0].__name__
            line["at"] = _places(record)
        return json.dumps(line, ensure_ascii=False, default=str)


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
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # Their lines hold whole URLs, and those may hold a patient's name.
    logging.getLogger("uvicorn.access").disabled = True
    logging.getLogger("httpx").setLevel(logging.WARNING)
