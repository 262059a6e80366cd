"""Gold questions: read, and refused unless every span, answer and id holds."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, get_args, get_origin

from rag.corpus import Article
from rag.errors import RagError

from .matching import correct_text, groups_met, normalise


class GoldError(RagError):
    """A gold file that cannot be trusted; names the file and the line."""


NOWHERE = -1


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of evidence: ``quote == text[start:end]`` of ``article``, in code points.

    Where a file leaves the offsets out, they are found, if the quote stands there only once.
    """

    article: str
    start: int = NOWHERE
    end: int = NOWHERE
    quote: str = ""

    def overlaps(self, article: str, start: int, end: int) -> bool:
        """Whether another span shares at least one character with this one."""
        return self.article == article and start < self.end and self.start < end


@dataclass(frozen=True, slots=True)
class Gold:
    """One question with all that a good answer must and must not hold.

    ``answers`` and ``evidence`` are groups of alternatives, and every group has to be met;
    ``sides`` gives, for each side of a conflict, the numbers (from 0) of its evidence groups.
    """

    id: str
    type: str
    question: str
    history: tuple[tuple[str, str], ...]
    as_of: str | None
    answerable: bool
    abstention_ok: bool
    answers: tuple[tuple[str, ...], ...]
    forbidden: tuple[str, ...]
    evidence: tuple[tuple[Span, ...], ...]
    lexical_gap: bool
    sides: tuple[tuple[int, ...], ...]

    @property
    def must_answer(self) -> bool:
        """Whether an abstention would be wrong."""
        return self.answerable and not self.abstention_ok

    @property
    def day(self) -> date | None:
        """The as-of day."""
        return date.fromisoformat(self.as_of) if self.as_of else None

    def to_row(self) -> dict[str, Any]:
        """Give the item as one line of a gold file holds it."""
        turns = [{"question": asked, "answer": told} for asked, told in self.history]
        return {**asdict(self), "history": turns}


_TYPES: dict[str, Any] = {
    "id": str,
    "type": str,
    "question": str,
    "history": list[dict],  # type: ignore[type-arg]
    "as_of": str | None,
    "answerable": bool,
    "abstention_ok": bool,
    "answers": list[list],  # type: ignore[type-arg]
    "forbidden": list[str],
    "evidence": list[list],  # type: ignore[type-arg]
    "lexical_gap": bool,
    "sides": list[list],  # type: ignore[type-arg]
}
_DEFAULTS: dict[str, Any] = {
    "history": [], "as_of": None, "abstention_ok": False, "answers": [], "forbidden": [],
    "evidence": [], "lexical_gap": False, "sides": [],
}  # fmt: skip


def load_gold(path: Path, articles: Iterable[Article]) -> list[Gold]:
    """Read and check a gold file against the articles it is about; raises GoldError."""
    items, problems = read_gold(path, articles)
    if problems:
        line, what = problems[0]
        rest = sorted({number for number, _ in problems[1:]} - {line})
        more = f"; also wrong: lines {', '.join(map(str, rest[:20]))}" if rest else ""
        raise GoldError(f"{path.name} line {line}: {what}{more}")
    if not items:
        raise GoldError(f"{path.name} holds no question; `rag eval init` writes a template")
    return items


def read_gold(path: Path, articles: Iterable[Article]) -> tuple[list[Gold], list[tuple[int, str]]]:
    """Read a gold file: the good items, and (line, what is wrong) of the others."""
    try:
        lines = path.read_text("utf-8-sig").split("\n")
    except (OSError, ValueError) as problem:
        raise GoldError(f"{path.name} cannot be read: {problem}") from problem
    by_name = {article.name: article for article in articles}
    items: list[Gold] = []
    problems: list[tuple[int, str]] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("//"):
            continue
        try:
            item = _located(parse(json.loads(line)), by_name)
            found = [*_faults(item, by_name), *_repeats(item, number, seen)]
        except (ValueError, RecursionError) as problem:
            found, item = [f"not JSON: {problem}"], None
        except GoldError as problem:
            found, item = [str(problem)], None
        problems += [(number, what) for what in found]
        if item is not None and not found:
            items.append(item)
    return items, problems


def parse(row: Any) -> Gold:  # noqa: ANN401 - any JSON may stand on a line
    """Make an item of one line's JSON; raises GoldError that names the key."""
    if not isinstance(row, dict):
        raise GoldError("a line must be a JSON object")
    if "todo" in row:
        raise GoldError(f"still to do: {row['todo']}")
    strange = sorted(row.keys() - _TYPES.keys())
    if strange:
        raise GoldError(f"unknown key {strange[0]!r}; known: {', '.join(_TYPES)}")
    full = {**_DEFAULTS, **row}
    for key, wanted in _TYPES.items():
        if key not in full:
            raise GoldError(f"{key!r} is missing")
        if not _is(full[key], wanted):
            raise GoldError(f"{key!r} has the wrong form: {str(full[key])[:60]!r}")
    try:
        return _build(full)
    except (TypeError, KeyError) as problem:
        raise GoldError(f"history, answers, evidence or sides are malformed: {problem}") from None


def _is(value: Any, wanted: Any) -> bool:  # noqa: ANN401 - JSON against a type
    if get_origin(wanted) is list:
        return isinstance(value, list) and all(isinstance(v, get_args(wanted)[0]) for v in value)
    return isinstance(value, wanted)


def _build(row: Mapping[str, Any]) -> Gold:
    return Gold(
        **{
            **row,
            "history": tuple((turn["question"], turn["answer"]) for turn in row["history"]),
            "answers": tuple(tuple(group) for group in row["answers"]),
            "forbidden": tuple(row["forbidden"]),
            "evidence": tuple(tuple(Span(**span) for span in group) for group in row["evidence"]),
            "sides": tuple(tuple(side) for side in row["sides"]),
        }
    )


def _located(item: Gold, articles: Mapping[str, Article]) -> Gold:
    """Find the offsets that were left out; a quote that is not unique stays nowhere."""

    def placed(span: Span) -> Span:
        text = articles[span.article].text if span.article in articles else ""
        if (span.start, span.end) != (NOWHERE, NOWHERE) or text.count(span.quote) != 1:
            return span
        start = text.index(span.quote)
        return replace(span, start=start, end=start + len(span.quote))

    return replace(item, evidence=tuple(tuple(map(placed, group)) for group in item.evidence))


def _faults(item: Gold, articles: Mapping[str, Article]) -> Iterator[str]:
    if not re.fullmatch(r"[\w.:-]{1,80}", item.id):
        yield "the id must be 1 to 80 letters, digits, or any of _ . : -"
    if not item.question.strip() or not item.type.strip():
        yield "question and type must not be empty"
    if item.answerable != bool(item.answers) or item.answerable != bool(item.evidence):
        yield "an answerable question needs answers and evidence, another must have neither"
    flat = [*(phrase for group in item.answers for phrase in group), *item.forbidden]
    if not all(isinstance(phrase, str) and normalise(phrase) for phrase in flat):
        yield "answers and forbidden hold texts that are not empty"
        return
    if not all(item.answers) or not all(item.evidence):
        yield "a group of answers or evidence is empty"
        return
    yield from _bad_day(item)
    yield from _bad_sides(item)
    spans = [fault for group in item.evidence for span in group for fault in _bad(span, articles)]
    yield from spans
    if not spans:
        yield from _too_late(item, articles)
        yield from _fails_itself(item)


def _bad_day(item: Gold) -> Iterator[str]:
    try:
        _ = item.day
    except ValueError:
        yield f"as_of {item.as_of!r} is not a day; write YYYY-MM-DD"


def _bad_sides(item: Gold) -> Iterator[str]:
    flat = [number for side in item.sides for number in side]
    if item.sides and (len(item.sides) < 2 or not all(item.sides)):
        yield "a conflict needs at least two sides, each with an evidence group"
    if not all(type(n) is int and 0 <= n < len(item.evidence) for n in flat):
        yield f"sides {item.sides} name evidence groups that are not there"


def _bad(span: Span, articles: Mapping[str, Article]) -> Iterator[str]:
    article = articles.get(span.article)
    if article is None:
        yield (
            f"there is no article {span.article!r} in the index; if the gold belongs to another "
            "corpus, name that with --source"
        )
    elif type(span.start) is not int or type(span.end) is not int or not span.quote:
        yield f"a span of {span.article} needs whole numbers and a quote"
    elif (span.start, span.end) == (NOWHERE, NOWHERE):
        often = article.text.count(span.quote)
        told = f"stands {often} times in {span.article}; add start and end" if often else (
            f"does not stand in {span.article}, letter for letter")  # fmt: skip
        yield f"the quote {span.quote[:60]!r} {told}"
    elif article.text[max(span.start, 0) : span.end] != span.quote:
        there = article.text[max(span.start, 0) : span.end][:60]
        yield f"the quote at {span.article} {span.start}-{span.end} does not hold; there: {there!r}"


def _too_late(item: Gold, articles: Mapping[str, Article]) -> Iterator[str]:
    for span in (span for group in item.evidence for span in group):
        day = articles[span.article].date
        if item.as_of and (day is None or day > item.as_of):
            yield f"evidence of {span.article} ({day or 'no date'}) is later than {item.as_of}"


def _fails_itself(item: Gold) -> Iterator[str]:
    """A gold answer must pass its own check: from its phrases, and from its evidence alone."""
    if not item.answerable:
        return
    phrases = [group[0] for group in item.answers]
    if not correct_text(item.answers, item.forbidden, phrases):
        yield "the accepted answers hold something forbidden"
    quotes = [span.quote for group in item.evidence for span in group]
    if not correct_text(item.answers, item.forbidden, quotes):
        met = groups_met(item.answers, quotes)
        missing = [list(group) for group, good in zip(item.answers, met, strict=True) if not good]
        yield f"the evidence itself does not pass: lacks {missing or 'nothing, holds forbidden'}"


def _repeats(item: Gold, number: int, seen: dict[str, int]) -> Iterator[str]:
    asked = normalise(item.question).rstrip(" ?!.")
    keys = {
        f"id {item.id!r}": f"id {item.id}",
        "the question": f"question {asked} {item.history} {item.as_of}",
    }
    for what, key in keys.items():
        if seen.setdefault(key, number) != number:
            yield f"{what} stands already on line {seen[key]}"


def weak_alternatives(items: Sequence[Gold]) -> list[str]:
    """Name evidence that, as the only alternative of its group, would not meet the answers.

    Not an error: a reader may need it beside others; worth a look when gold is written.
    """
    found = []
    for item in items:
        for at, group in enumerate(item.evidence):
            others = [s.quote for n, g in enumerate(item.evidence) if n != at for s in g]
            found += [
                f"{item.id}: {span.quote[:70]!r}"
                for span in group
                if not all(groups_met(item.answers, [span.quote, *others]))
            ]
    return found
