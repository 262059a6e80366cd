"""A conversation as data: its turns, what an event changes, and how a turn is shown."""

from dataclasses import dataclass, replace

from rag.answer import Answer, Event, Finished, Found, Stated
from rag.citation import Citation
from rag.render import answer_html, problem_html, progress_html

FINDING = "Finding quotes…"
CHECKING = "Reading and checking…"
STOPPED = "Stopped before the answer was checked."


@dataclass(frozen=True)
class Turn:
    """One question and what has come of it so far; events make new turns, never change one."""

    number: int
    question: str
    found: tuple[Citation, ...] = ()
    stated: tuple[Stated, ...] = ()
    answer: Answer | None = None
    problem: str | None = None

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
                return replace(self, stated=(*self.stated, event))
            case Finished(answer):
                return replace(self, answer=answer)

    def failed(self, problem: str) -> "Turn":
        """Give the turn with the one line that says what went wrong."""
        return replace(self, problem=problem)

    def to_html(self) -> str:
        """Show the turn: its answer, or what stands so far and why there is no more."""
        block = f"a{self.number}"
        if self.answer is not None:
            return answer_html(self.answer, block)
        stage = "" if self.problem else CHECKING if self.found else FINDING
        shown = progress_html(self.found, self.stated, block, stage)
        return shown if self.problem is None else problem_html(self.problem) + shown


Turns = tuple[Turn, ...]


def asked(turns: Turns, question: str) -> Turns:
    """Give the conversation with one more question at its end.

    Half a surrogate pair can be typed but not sent back, so it becomes a question mark.
    """
    return (*turns, Turn(len(turns) + 1, question.encode(errors="replace").decode()))


def history(turns: Turns) -> list[tuple[str, str]]:
    """Give the earlier questions with their answers' text; what failed is not part of it."""
    return [(turn.question, turn.answer.text) for turn in turns if turn.answer is not None]


def stopped(turns: Turns) -> Turns:
    """Give the conversation with its last turn ended, if it was still going on."""
    if not turns or turns[-1].done:
        return turns
    return (*turns[:-1], turns[-1].failed(STOPPED))
