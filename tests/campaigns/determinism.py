"""The same provenance and question give the same answer: over processes, orders and threads.

Four processes answer the same questions: one after the other, backwards, all at once, and each
question twice. Every answer object must be the same but for its timings.
"""

import argparse
import hashlib
import json
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from rag.pipeline import Rag
from rag.settings import resource

from .report import Report, finish, options

DIFFERENT = "another answer"
WAYS = ("in order", "backwards", "all at once", "twice")


def questions(many: int, seed: int) -> list[dict[str, Any]]:
    """Draw questions, with their earlier turns and days, from the evaluation's."""
    lines = (resource("eval") / "gold.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    random.Random(seed).shuffle(rows)
    return rows[:many]


def ask(rag: Rag, row: dict[str, Any]) -> dict[str, Any]:
    """Give an answer object without its timings."""
    import datetime

    day = datetime.date.fromisoformat(row["as_of"]) if row["as_of"] else None
    history = [(turn["question"], turn.get("answer", "")) for turn in row["history"]]
    told = rag.ask(row["question"], history, day).to_dict()
    del told["timings_ms"]
    return told


def answer_all(llm: str, way: str, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Answer every question in one way; gives answers by question id."""
    # asked all at once, the last of the questions waits for all the others' words
    rag = Rag.open(llm=llm, request_seconds=3600.0)
    if way == "backwards":
        rows = rows[::-1]
    if way == "twice":
        rows = [row for row in rows for _ in range(2)]
    with ThreadPoolExecutor(8 if way == "all at once" else 1) as pool:
        answers = list(pool.map(lambda row: ask(rag, row), rows))
    rag.close()
    return {row["id"]: told for row, told in zip(rows, answers, strict=True)}


def run(report: Report, llm: str, many: int, seed: int, ways: Sequence[str] = WAYS) -> None:
    """Let one process for each way answer, and compare."""
    first: dict[str, Any] = {}
    for way in ways:
        command = [sys.executable, "-m", "tests.campaigns.determinism", "--child", way]
        command += ["--llm", llm, "--many", str(many), "--seed", str(seed)]
        # words are hashed with another salt in every process
        salt = str(int(hashlib.sha256(way.encode()).hexdigest()[:6], 16))
        done = subprocess.run(
            command,
            env={**os.environ, "PYTHONHASHSEED": salt},
            stdout=subprocess.PIPE,
            check=True,
            cwd=Path(__file__).parents[2],
        )
        answers = json.loads(done.stdout)
        first = first or answers
        for name, told in answers.items():
            report.count("answers compared")
            report.count(f"answers {way}")
            report.count(told["status"])
            if told != first[name]:
                where = [key for key in told if told[key] != first[name][key]]
                report.fault(DIFFERENT, f"{name}, {way}: {where}: {told['answer'][:200]}")


def main() -> int:
    """Run the campaign."""
    parser: argparse.ArgumentParser = options(__doc__ or "")
    parser.add_argument("--llm", default="none")
    parser.add_argument("--many", type=int, default=40, help="questions")
    parser.add_argument("--child", choices=WAYS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        told = answer_all(given.llm, given.child, questions(given.many, given.seed))
        sys.stdout.write(json.dumps(told))
        return 0
    report = Report("Determinism", vars(given).copy())
    run(report, given.llm, given.many, given.seed)
    return finish(report, given.out)


if __name__ == "__main__":
    sys.exit(main())
