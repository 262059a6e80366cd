"""Numbers for Prometheus at ``/metrics``, traces for OpenTelemetry; with the extra ``telemetry``.

Both are off unless asked for: the numbers by the setting ``metrics``, the traces by OpenTelemetry's
own ``OTEL_EXPORTER_OTLP_ENDPOINT``. Neither holds a question, an answer or an address of a reader.
"""

import os
import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from fastapi import FastAPI
from starlette.responses import Response

from rag.answer import Answer, Event, Finished
from rag.errors import RagError, SettingsError
from rag.settings import VERSION, Settings

NAME = "quotable"
BUCKETS = (0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120)  # seconds
TRACED = "OTEL_EXPORTER_OTLP_ENDPOINT"
INSTALL = "run `pip install 'quotable-rag[telemetry]'`"


class Numbers:
    """What is counted, in a registry of its own."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self.registry = CollectorRegistry()
        self.answers = Counter(
            "quotable_answers",
            "Answers given, by status and whether the language model failed",
            ["status", "model_failed"],
            registry=self.registry,
        )
        self.failures = Counter(
            "quotable_failures",
            "Questions that ended in an error, by its kind",
            ["kind"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "quotable_answer_seconds",
            "Seconds from a question to its evidence, first statement, and end",
            ["step"],
            registry=self.registry,
            buckets=BUCKETS,
        )
        self.running = Gauge(
            "quotable_answers_running", "Answers being made now", registry=self.registry
        )

    def answered(self, answer: Answer) -> None:
        """Count an answer."""
        failed = str(bool(answer.provenance.get("model_failed"))).lower()
        self.answers.labels(answer.status, failed).inc()
        for step, spent in answer.timings_ms.items():
            self.seconds.labels(step).observe(spent / 1000)


@cache
def numbers() -> Numbers:
    """Give the process's numbers; raises SettingsError where the library is missing."""
    try:
        return Numbers()
    except ImportError as problem:
        raise SettingsError(f"the setting metrics needs prometheus_client; {INSTALL}") from problem


def watched(
    settings: Settings, start: Callable[[], Iterator[Event]]
) -> Callable[[], Iterator[Event]]:
    """Give the same steps of an answer, counted and traced while they are made."""
    if not settings.metrics and TRACED not in os.environ:
        return start
    return _watch(settings, start)


def _watch(
    settings: Settings, start: Callable[[], Iterator[Event]]
) -> Callable[[], Iterator[Event]]:
    from opentelemetry import context, trace

    asked_in = context.get_current()  # the request's; the steps are made in another thread
    counted = numbers() if settings.metrics else None

    def steps() -> Iterator[Event]:
        began = time.time_ns()
        span = trace.get_tracer(NAME).start_span("answer", asked_in, start_time=began)
        if counted:
            counted.running.inc()
        try:
            for event in start():
                if isinstance(event, Finished):
                    _note(span, event.answer)
                    if counted:
                        counted.answered(event.answer)
                yield event
        except RagError as problem:
            span.set_attribute("error.type", type(problem).__name__)
            if counted:
                counted.failures.labels(type(problem).__name__).inc()
            raise
        finally:
            if counted:
                counted.running.dec()
            span.end()

    return steps


def _note(span: Any, answer: Answer) -> None:  # noqa: ANN401 - OpenTelemetry's span
    span.set_attribute("quotable.status", answer.status)
    span.set_attribute("quotable.citations", len(answer.citations))
    for step, spent in answer.timings_ms.items():
        span.set_attribute(f"quotable.{step}_ms", spent)


def metrics() -> Response:
    """Give the numbers in Prometheus' text form."""
    from prometheus_client import generate_latest

    text = generate_latest(numbers().registry)
    return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")


def trace_requests(app: FastAPI) -> None:
    """Trace every request, if a collector is named."""
    if TRACED not in os.environ:
        return
    try:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as problem:
        raise SettingsError(f"{TRACED} needs OpenTelemetry; {INSTALL}") from problem
    told = {"service.name": NAME, "service.version": VERSION}
    provider = TracerProvider(resource=Resource.create(told))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    app.add_middleware(OpenTelemetryMiddleware, exclude_spans=["receive", "send"])
