"""A conversation as data: its turns, what an event changes, and its plain form for the browser."""

import secrets
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from rag.answer import Answer, Event, Finished, Found, Stated
from rag.citation import Citation
from rag.errors import AnswerError

STOPPED = "Stopped before the answer was checked."
LONGEST = 100  # turns of one conversation


@dataclass(frozen=True)
class Turn:
    """One question and what has come of it so far; events make new turns, never change one.

    ``waiting`` is the place in line, 0 for none; ``outdated`` is an answer with a quote that the
    articles no longer have.
    """

    number: int
    question: str
    found: tuple[Citation, ...] | None = None
    stated: tuple[Stated, ...] = ()
    answer: Answer | None = None
    problem: str | None = None
    waiting: int = 0
    outdated: bool = False

    @property
    def done(self) -> bool:
        """Whether there is nothing more to come."""
        return self.answer is not None or self.problem is not None

    def after(self, event: Event) -> "Turn":
        """Give the turn as it stands after one more event."""
        match event:
            case Found(citations):
                return replace(self, found=citations)
            case Stated():
                return replace(self, stated=(*self.stated, event), waiting=0)
            case Finished(answer):
                return replace(self, answer=answer, waiting=0)

    def failed(self, problem: str) -> "Turn":
        """Give the turn with the one line that says what went wrong."""
        return replace(self, problem=problem, waiting=0)


@dataclass
class Extra:
    """What comes to an answer beside it: a reader's verdict, questions to ask next.

    ``begun`` says that somebody works on the answer, and ``halted`` tells them to stop.
    """

    verdict: str | None = None
    next_questions: list[str] = field(default_factory=list)
    begun: bool = False
    halted: bool = False


Extras = dict[str, Extra]  # by the name of an answer, see ``Conversation.name_of``


def halt(extras: Extras) -> None:
    """End all work on a conversation; whoever does it sees this before the next step."""
    for extra in extras.values():
        extra.halted = True


@dataclass(frozen=True)
class Conversation:
    """Turns in order, numbered from 1; ``id`` names it in the reader's browser."""

    id: str = ""
    turns: tuple[Turn, ...] = ()

    @property
    def open_turn(self) -> Turn | None:
        """The last turn, as long as more of it is to come."""
        return self.turns[-1] if self.turns and not self.turns[-1].done else None

    def turn(self, number: object) -> Turn | None:
        """Find a turn by its number."""
        return next((turn for turn in self.turns if turn.number == number), None)

    def name_of(self, turn: Turn) -> str:
        """Name one answer, among those of all conversations."""
        return f"{self.id}/{turn.number}"

    def asked(self, question: str) -> "Conversation":
        """Add a question; half a surrogate pair, which cannot be sent back, becomes ``?``."""
        number = self.turns[-1].number + 1 if self.turns else 1
        turn = Turn(number, question.encode(errors="replace").decode())
        return Conversation(self.id or secrets.token_hex(8), (*self.turns, turn))

    def before(self, number: int) -> "Conversation":
        """Give the conversation as it was before a turn."""
        return replace(self, turns=tuple(turn for turn in self.turns if turn.number < number))

    def with_last(self, turn: Turn) -> "Conversation":
        """Put another state of the last turn in its place."""
        return replace(self, turns=(*self.turns[:-1], turn))

    def stopped(self, why: str = STOPPED) -> "Conversation":
        """End the last turn, if it was still going on."""
        turn = self.open_turn
        return self if turn is None else self.with_last(turn.failed(why))

    def history(self) -> list[tuple[str, str]]:
        """Give questions with their answers' text; what failed is not part of it."""
        return [(turn.question, turn.answer.text) for turn in self.turns if turn.answer is not None]


def to_plain(conversation: Conversation) -> dict[str, Any]:
    """Give what the browser keeps: questions with their answers; what failed is not kept."""
    return {
        "id": conversation.id,
        "turns": [
            {"n": turn.number, "question": turn.question, "answer": turn.answer.to_dict()}
            for turn in conversation.turns
            if turn.answer is not None
        ],
    }


def from_plain(data: object) -> Conversation:
    """Read back what a browser kept; raises AnswerError where it is not whole."""
    match data:
        case {"id": str(name), "turns": [*rows]} if 0 < len(name) <= 64 and len(rows) <= LONGEST:
            turns = tuple(map(_turn, rows))
            if all(a.number < b.number for a, b in pairwise(turns)):
                return Conversation(name, turns)
    raise AnswerError("this conversation cannot be shown; it was not kept whole")


def _turn(row: object) -> Turn:
    match row:
        case {"n": int(n), "question": str(question), "answer": answer} if type(n) is int and n > 0:
            return Turn(n, question, answer=Answer.from_dict(answer))
    raise AnswerError("this conversation cannot be shown; a question or an answer is missing")
