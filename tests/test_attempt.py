"""A model's time is limited, its failure is noted, and after several it is left alone."""

import threading
import time

import pytest
from fakes_llm import says

from rag.attempt import FAILURES, REST_SECONDS, Attempt, Breaker
from rag.errors import ModelFailed


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def fails(*given):
    raise ModelFailed("line broken at host secret.example")


def begins(*given):
    yield 1
    yield 2
    fails()


def interrupted(llm):
    raise KeyboardInterrupt


def test_without_a_model_there_is_nothing_and_no_note():
    attempt = Attempt(None, Breaker(), 1)
    assert attempt.call(lambda llm: 1, 2) == 2
    assert list(attempt.each(fails)) == []
    assert attempt.note is None


def test_what_the_model_makes_is_handed_on_as_it_comes():
    go = threading.Event()

    def start(llm, leave):
        yield llm
        assert go.wait(10)
        yield "second"

    model = says()
    made = Attempt(model, Breaker(), 10).each(start)
    assert next(made) is model
    go.set()
    assert list(made) == ["second"]


def test_failure_is_noted_for_the_reader_and_logged_in_full(caplog):
    attempt = Attempt(says(), Breaker(), 1)
    assert attempt.call(fails, "plain") == "plain"
    assert attempt.note == (
        "The language model failed; this answer is made without it, of quotes alone."
    )
    assert "secret.example" not in attempt.note
    assert "secret.example" in caplog.text
    assert list(attempt.each(lambda llm, leave: iter([1]))) == []  # no more of it


def test_what_comes_after_the_model_has_ended_is_handed_on_too():
    def start(llm, leave):
        yield 1
        leave.left = True  # as a chain is ended in order, before its last words are read
        yield 2

    assert list(Attempt(says(), Breaker(), 10).each(start)) == [1, 2]


def test_failure_after_a_beginning_keeps_the_beginning():
    attempt = Attempt(says(), Breaker(), 1)
    assert list(attempt.each(begins)) == [1, 2]
    assert "; the rest is made without it" in attempt.note


def test_time_is_limited_over_all_uses_together():
    attempt, over = Attempt(says(), Breaker(), 2), threading.Event()
    began = time.monotonic()
    assert attempt.call(lambda llm: time.sleep(0.2), "never") is None
    assert attempt.note is None
    assert attempt.call(lambda llm: over.wait(30), "late") == "late"
    assert 1.9 < time.monotonic() - began < 10
    assert "did not answer within 2 s" in attempt.note
    over.set()


def test_time_that_others_take_is_not_the_models():
    attempt = Attempt(says(), Breaker(), 0.5)
    for step in attempt.each(lambda llm, leave: iter([1, 2, 3])):
        time.sleep(0.3 * (step < 3))
    assert attempt.note is None


def test_other_errors_are_not_the_models_and_are_raised():
    def wrong(llm, leave):
        yield 1
        raise ZeroDivisionError

    attempt = Attempt(says(), Breaker(), 1)
    with pytest.raises(ZeroDivisionError):
        list(attempt.each(wrong))
    with pytest.raises(KeyboardInterrupt):
        attempt.call(interrupted, None)


def test_reader_that_leaves_stops_the_model():
    stopped = threading.Event()

    def start(llm, leave):
        while not leave.left:
            yield 1
            time.sleep(0.01)
        stopped.set()

    made = Attempt(says(), Breaker(), 10).each(start)
    assert next(made) == 1
    made.close()
    assert stopped.wait(10)


def test_model_rests_after_failures_in_a_row_and_then_one_may_try():
    clock = Clock()
    breaker = Breaker(clock)
    for _ in range(FAILURES - 1):
        breaker.note(failed=True)
    breaker.note(failed=False)  # not in a row
    for _ in range(FAILURES - 1):
        breaker.note(failed=True)
        assert breaker.allows()
    breaker.note(failed=True)
    assert not breaker.allows()
    clock.now += REST_SECONDS
    assert [breaker.allows() for _ in range(3)] == [True, False, False]
    breaker.note(failed=True)
    clock.now += REST_SECONDS - 1
    assert not breaker.allows()
    clock.now += 1
    assert breaker.allows()
    breaker.note(failed=False)
    assert [breaker.allows() for _ in range(3)] == [True] * 3


def test_uses_that_never_asked_the_model_do_not_speak_for_it():
    breaker = Breaker(Clock())
    for _ in range(FAILURES):
        attempt = Attempt(says(), breaker, 1)
        assert attempt.call(lambda llm: "not asked", None) == "not asked"
        assert list(attempt.each(fails)) == []
    attempt = Attempt(says(), breaker, 1)
    assert "left alone for a moment" in attempt.note
    assert attempt.call(lambda llm: "asked", "plain") == "plain"
