"""The support check's verdict on every statement about invented news, as it was recorded.

The statements (eval/bench/invented.jsonl) are those its rules were worked out on; true ones that it
drops and false ones that it lets pass are recorded with the others. A rule that changes shows here
on which statements. `python tests/test_support_verdicts.py` records anew: read the difference.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from rag.support import objection

INVENTED = Path(__file__).parents[1] / "eval" / "bench" / "invented.jsonl"
RECORDED = Path(__file__).with_name("support_verdicts.tsv")


def statements() -> Iterator[tuple[str, str, str]]:
    """Give (true or what was changed, statement, quote)."""
    for line in INVENTED.read_text("utf-8").splitlines():
        row = json.loads(line)
        yield "true", row["true"], row["quote"]
        for each in row["false"]:
            yield each["kind"], each["text"], row["quote"]


def verdicts() -> list[str]:
    """Give a line a statement: what it is, what the check says, the statement."""
    return [
        f"{kind}\t{objection(text, quote) or 'supported'}\t{text}"
        for kind, text, quote in statements()
    ]


def test_verdicts_are_those_recorded():
    recorded = RECORDED.read_text("utf-8").splitlines()
    changed = [
        f"now {now.split(chr(9))[1]!r}: {then}"
        for now, then in zip(verdicts(), recorded, strict=True)
        if now != then
    ]
    assert changed == []


def test_recorded_verdicts_are_mostly_right():
    rows = [line.split("\t") for line in RECORDED.read_text("utf-8").splitlines()]
    kept = [said == "supported" for kind, said, _ in rows if kind == "true"]
    caught = [said != "supported" for kind, said, _ in rows if kind != "true"]
    assert sum(kept) >= 0.94 * len(kept)
    assert sum(caught) >= 0.85 * len(caught)


if __name__ == "__main__":
    RECORDED.write_text("".join(f"{line}\n" for line in verdicts()), "utf-8")
