"""How a turn looks: steps while it is answered, then the answer and what can be done to it."""

from collections.abc import Sequence

from rag.chart import chart_html
from rag.markup import answer_html, escape, problem_html, progress_html, question_html
from rag.render import answer_text
from rag.web.turns import Extra, Turn

STEPS = ("Finding", "Reading", "Checking")
VERDICTS = {"up": "Good answer", "down": "Bad answer", "wrong quote": "Wrong quote"}
OUTDATED = problem_html(
    "The articles have changed since: not all quotes of this answer still stand there. Ask again."
)
NOW = ' aria-current="step"'
_COPY_WIDTH = 10_000  # one line a paragraph: whoever pastes it wraps it


def asked_html(turn: Turn) -> str:
    """Show a question, and what can be done to it once it is answered."""
    tools = _button("edit", turn, "Edit") + _button("retry", turn, "Ask again")
    shown = f'<p class="rag-tools">{tools}</p>' if turn.done else ""
    return f'<div class="rag-asked">{question_html(turn.question)}{shown}</div>'


def told_html(turn: Turn, extra: Extra) -> str:
    """Show what has come of a question: its answer, or what stands so far and why no more."""
    block = f"a{turn.number}"
    if turn.answer is not None:
        chart = chart_html(turn.answer.citations, block)
        below = chart + _tools_html(turn, extra.verdict) + _next_html(turn, extra.next_questions)
        return (OUTDATED if turn.outdated else "") + answer_html(turn.answer, block, below)
    shown = progress_html(
        turn.found or (), turn.stated, block, "" if turn.problem else _steps(turn)
    )
    return shown if turn.problem is None else problem_html(turn.problem) + shown


def _steps(turn: Turn) -> str:
    """Show the three steps with the present one marked, and the place in line."""
    at = 2 if turn.stated else 0 if turn.found is None else 1
    state = ["rag-done"] * at + ["rag-now"] + [""] * (len(STEPS) - at - 1)
    rows = "".join(
        f'<li class="{kind}"{NOW if kind == "rag-now" else ""}>{name}</li>'
        for kind, name in zip(state, STEPS, strict=True)
    )
    line = f"You are number {turn.waiting} in line." if turn.waiting else ""
    found = f" {len(turn.found)} likely quotes." if turn.found and not turn.stated else ""
    say = f"{STEPS[at]}.{found} {line}"
    return (
        f'<div class="rag-progress" data-say="{escape(say)}"><ol class="rag-steps">{rows}</ol>'
        f'<span class="rag-line">{line}</span></div>'
    )


def _tools_html(turn: Turn, verdict: str | None) -> str:
    assert turn.answer is not None
    copied = escape(f"{turn.question}\n\n{answer_text(turn.answer, _COPY_WIDTH)}")
    verdicts = "".join(
        _button(
            "verdict",
            turn,
            text,
            f' data-verdict="{name}" aria-pressed="{"true" if verdict == name else "false"}"',
        )
        for name, text in VERDICTS.items()
        if name != "wrong quote" or turn.answer.citations
    )
    saves = "".join(
        _button("save", turn, text, f' data-kind="{kind}"')
        for kind, text in (("html", "Web page"), ("md", "Markdown"), ("json", "JSON"))
    )
    return (
        '<footer class="rag-tools">'
        + _button("copy", turn, "Copy", f' data-copy="{copied}"')
        + _button("link", turn, "Link")
        + f'<details class="rag-menu"><summary>Download</summary><div>{saves}</div></details>'
        + f'<span class="rag-verdicts" role="group" aria-label="Your verdict">{verdicts}</span>'
        "</footer>"
    )


def _next_html(turn: Turn, questions: Sequence[str]) -> str:
    if not questions:
        return ""
    abstained = turn.answer is not None and turn.answer.abstention is not None
    heading = "The articles can answer" if abstained else "Ask next"
    rows = "".join(
        f'<li><button type="button" data-act="next" data-question="{escape(question)}" dir="auto">'
        f"{escape(question)}</button></li>"
        for question in questions
    )
    return f'<section class="rag-next"><h3>{heading}</h3><ul>{rows}</ul></section>'


def _button(act: str, turn: Turn, text: str, more: str = "") -> str:
    return f'<button type="button" data-act="{act}" data-turn="{turn.number}"{more}>{text}</button>'
