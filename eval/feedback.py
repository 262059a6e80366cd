"""Readers' feedback and saved answers become gold questions."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rag.errors import UsageError

GOOD = {"up", "good", "like", "saved", True}
BAD = {"down": "a bad answer", "wrong quote": "a wrong quote", "bad": "a bad answer"}


def convert(source: Path, target: Path) -> tuple[int, int]:
    """Write gold lines made of feedback lines; gives how many are ready and how many are to do.

    A feedback line is ``{"verdict": "up" | "down" | "wrong quote", "answer": {...}, "history"?,
    "note"?}`` with the contract's answer object, or a bare saved answer (which counts as approved).
    A file that is one saved answer, over many lines, is taken as well.
    Questions already in the target are kept and not written twice.
    """
    lines = target.read_text("utf-8").splitlines() if target.exists() else []
    known = set(_known(target, lines))
    done = todo = 0
    for number, given in _read(source):
        row = _gold(given, number)
        if row["id"] in known:
            continue
        known.add(row["id"])
        lines.append(json.dumps(row, ensure_ascii=False))
        todo += "todo" in row
        done += "todo" not in row
    target.write_text("".join(line + "\n" for line in lines), "utf-8")
    return done, todo


def _known(target: Path, lines: Iterable[str]) -> Iterator[Any]:
    """Give the ids that a gold file has; raises UsageError where a line is no JSON object."""
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.startswith("//"):
            try:
                yield json.loads(line).get("id")
            except (ValueError, RecursionError, AttributeError) as problem:
                raise UsageError(
                    f"{target.name} line {number} is no gold row; mend it"
                ) from problem


def _read(source: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, value in _values(source):
        saved = isinstance(value, dict) and "standalone_question" in value
        given = {"verdict": "saved", "answer": value} if saved else value
        if not isinstance(given, dict) or not isinstance(given.get("answer"), dict):
            raise UsageError(f"{source.name} line {number} has no answer object; see the docs")
        yield number, given


def _values(source: Path) -> Iterator[tuple[int, Any]]:
    """Give each line's value with its number; a file that is one value counts as one line."""
    try:
        text = source.read_text("utf-8-sig")
    except (OSError, ValueError) as problem:
        raise UsageError(f"{source.name} cannot be read: {problem}") from problem
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        yield from _lines(source, text)
    else:
        yield 1, whole


def _lines(source: Path, text: str) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError) as problem:
                raise UsageError(f"{source.name} line {number} is not JSON: {problem}") from problem


def _gold(given: Mapping[str, Any], number: int) -> dict[str, Any]:
    answer = given["answer"]
    try:
        row = _start(answer, given.get("history") or [])
        verdict = given.get("verdict", "saved")
        if verdict in GOOD and answer["status"] == "answered":
            return {**row, "answerable": True, **_approved(answer)}
        if verdict in GOOD:
            return {**row, "answerable": False}
        complaint = BAD.get(str(verdict), f"verdict {verdict!r}")
        note = f" ({given['note']})" if given.get("note") else ""
        todo = f"a reader reported {complaint}{note}; write what is right, then take this key out"
        return {**row, "todo": todo, "answerable": True, **_approved(answer)}
    except (KeyError, TypeError, IndexError) as problem:
        raise UsageError(f"feedback line {number}: the answer lacks {problem}") from problem


def _start(answer: Mapping[str, Any], history: list[Any]) -> dict[str, Any]:
    asked = json.dumps([answer["question"], history, answer["as_of"]])
    name = hashlib.sha256(asked.encode()).hexdigest()[:10]
    turns = [turn if isinstance(turn, dict) else {"question": turn[0], "answer": turn[1]}
             for turn in history]  # fmt: skip
    return {
        "id": f"feedback-{name}",
        "type": "feedback",
        "question": answer["question"],
        "history": turns,
        "as_of": answer["as_of"],
    }


def _approved(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Take the first quote of each statement as evidence, and its words as the accepted answer.

    The words are whole sentences: shorten them to what matters, so that other wordings pass too.
    """
    by_number = {c["n"]: c for c in answer["citations"]}
    cited = {s["citations"][0]: by_number[s["citations"][0]] for s in answer["statements"]}
    spans = [{k: c[k] for k in ("article", "start", "end", "quote")} for c in cited.values()]
    return {
        "answers": [[span["quote"]] for span in spans],
        "evidence": [[span] for span in spans],
    }
