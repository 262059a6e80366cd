"""What is counted and traced while answers are made: numbers only, nothing anybody said."""

import pytest
from fakes_web import FakeEngine, client_for
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client.parser import text_string_to_metric_families

from rag.settings import Settings
from rag.web import telemetry


@pytest.fixture(autouse=True)
def fresh():
    telemetry.numbers.cache_clear()
    yield
    telemetry.numbers.cache_clear()


def counted(text: str) -> dict[str, float]:
    return {
        f"{sample.name}{sorted(sample.labels.items())}": sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_answers_and_failures_are_counted_and_nothing_said_is_told():
    with client_for(FakeEngine(), metrics=True) as client:
        for question in ("What of the sea?", "What of the moon?", "down?"):
            client.post("/v1/answers", json={"question": question})
        told = client.get("/metrics")
    assert told.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = counted(told.text)
    assert found["quotable_answers_total[('model_failed', 'false'), ('status', 'answered')]"] == 1
    assert found["quotable_answers_total[('model_failed', 'false'), ('status', 'abstained')]"] == 1
    assert found["quotable_failures_total[('kind', 'ModelFailed')]"] == 1
    assert found["quotable_answer_seconds_count[('step', 'total')]"] >= 1
    assert found["quotable_answers_running[]"] == 0
    assert "sea" not in told.text
    assert "moon" not in told.text


def test_there_are_no_numbers_unless_asked_for():
    with client_for(FakeEngine()) as client:
        assert client.get("/metrics").status_code == 404


def test_numbers_want_the_token_where_there_is_one():
    with client_for(FakeEngine(), metrics=True, api_key="a-long-secret") as client:
        assert client.get("/metrics").status_code == 401
        told = client.get("/metrics", headers={"authorization": "Bearer a-long-secret"})
        assert told.status_code == 200


def test_an_answer_is_a_span_without_its_words(monkeypatch):
    monkeypatch.setenv(telemetry.TRACED, "http://nowhere.invalid")
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)
    steps = telemetry.watched(Settings(), lambda: FakeEngine().stream("What of the sea?"))()
    assert len(list(steps)) > 1
    (span,) = kept.get_finished_spans()
    assert span.name == "answer"
    assert span.attributes["quotable.status"] == "answered"
    assert not any("sea" in str(value) for value in span.attributes.values())


def test_unwatched_steps_are_the_engines_own():
    def start():
        return iter(())

    assert telemetry.watched(Settings(), start) is start
