"""The language model for one answer: its time is limited, and its failure costs only its words.

A model server may hang, write rubbish, or die. The reader still gets the quotes, in time, with a
note. A server that keeps failing is left alone for a while, so that not every reader waits for it
(pybreaker holds its lock while a call lasts, so one hanging call would hold up all).
"""

import contextvars
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models import BaseChatModel

from rag.errors import ModelFailed

FAILURES = 3  # in a row, before a model is left alone
REST_SECONDS = 30.0
FAILED = "The language model failed"
LATE = "The language model did not answer within {seconds:g} s"
RESTING = "The language model failed several times and is left alone for a moment"
WITHOUT = "{why}; {what} is made without it, of quotes alone."
_END = object()
Made = TypeVar("Made")


class Left(BaseException):
    """Nobody reads on."""


class Leave(BaseCallbackHandler):
    """Stops a chain at its next token; when it is only closed, LangChain reads it to its end."""

    raise_error = True
    left = False

    def on_llm_new_token(self, *_: Any, **__: Any) -> None:  # noqa: ANN401 - LangChain's
        """Stop here if nobody reads on."""
        if self.left:
            raise Left


class Late(ModelFailed):
    """The time for an answer's words is over."""


class Breaker:
    """Whether a model is worth asking: not after several failures in a row, until it has rested."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._rests_until = 0.0

    def allows(self) -> bool:
        """Say whether to ask; after a rest one may try, and the others wait for its outcome."""
        with self._lock:
            now = self._clock()
            if self._failures >= FAILURES:
                if now < self._rests_until:
                    return False
                self._rests_until = now + REST_SECONDS
            return True

    def note(self, *, failed: bool) -> None:
        """Keep in mind how it went."""
        with self._lock:
            self._failures = self._failures + 1 if failed else 0
            self._rests_until = self._clock() + REST_SECONDS


class Attempt:
    """One answer's use of a model: ``seconds`` to wait for it in all, and no more after a failure.

    ``note`` then says so in one sentence for the reader; what exactly went wrong is logged.
    """

    def __init__(self, llm: BaseChatModel | None, breaker: Breaker, seconds: float) -> None:
        self.note: str | None = None
        self._llm = llm
        self._breaker = breaker
        self._seconds = self._left = seconds
        if llm is not None and not breaker.allows():
            self._give_up(RESTING)

    def call(self, work: Callable[[BaseChatModel], Made], otherwise: Made) -> Made:
        """Give what comes of one use of the model, or something else without one."""
        return next(self._hand_on(lambda llm, _: iter([work(llm)])), otherwise)

    def each(self, start: Callable[[BaseChatModel, Leave], Iterator[Made]]) -> Iterator[Made]:
        """Hand on what the model makes until it is ready, fails, or has had its time.

        Where the reader leaves, the model stops at its next token.
        """
        had_one = self._llm is not None
        yield from self._hand_on(start)
        if had_one and self.note is None:
            self._breaker.note(failed=False)

    def _hand_on(self, start: Callable[[BaseChatModel, Leave], Iterator[Made]]) -> Iterator[Made]:
        if self._llm is None:
            return
        leave, given = Leave(), 0
        made: queue.Queue[Any] = queue.Queue()
        work = contextvars.copy_context().run
        args = (_make, self._llm, leave, start, made)
        threading.Thread(target=work, args=args, name="attempt", daemon=True).start()
        try:
            while (item := self._wait(made)) is not _END:
                given += 1
                yield item
        except ModelFailed as problem:
            logging.getLogger(__name__).warning("%s", problem)
            self._breaker.note(failed=True)
            late = isinstance(problem, Late)
            self._give_up(LATE if late else FAILED, "the rest" if given else "this answer")
        finally:
            leave.left = True

    def _wait(self, made: "queue.Queue[Any]") -> Any:  # noqa: ANN401 - whatever the model makes
        began = time.monotonic()
        try:
            item = made.get(timeout=max(0.0, self._left))
        except queue.Empty:
            raise Late(
                f"the language model took longer than {self._seconds:g} s; raise "
                "RAG_REQUEST_SECONDS or use --llm none"
            ) from None
        finally:
            self._left -= time.monotonic() - began  # what else takes time is not the model's fault
        if isinstance(item, BaseException):
            raise item
        return item

    def _give_up(self, why: str, what: str = "this answer") -> None:
        self._llm = None
        self.note = WITHOUT.format(why=why.format(seconds=self._seconds), what=what)


def _make(
    llm: BaseChatModel,
    leave: Leave,
    start: Callable[[BaseChatModel, Leave], Iterator[Any]],
    made: "queue.Queue[Any]",
) -> None:
    """Run the model in a thread of its own, which a hanging server may hold as long as it likes."""
    try:
        for item in start(llm, leave):
            made.put(item)
        made.put(_END)
    except BaseException as problem:  # noqa: BLE001 - raised where it is waited for
        made.put(problem)
