"""The support check's verdict on every statement about invented news, as it was recorded.

The statements (eval/bench/invented.jsonl) are those its rules were worked out on; true ones that it
drops and false ones that it lets pass are recorded with the others. A rule that changes shows here
on which statements. `python tests/test_support_verdicts.py` records anew: read the difference.
"""

from pathlib import Path

from eval_loader import load

from rag.support import objection

altered, data = load("bench.altered"), load("bench.data")
RECORDED = Path(__file__).with_name("support_verdicts.tsv")


def verdicts() -> list[str]:
    """Give a line a statement: what it is, what the check says, the statement."""
    rows = data.read(Path(altered.__file__).parent, altered.INVENTED)
    cases = [case for row in rows for case in altered._by_hand(altered.NEWS, row, row["quote"])]
    return [f"{c.kind}\t{objection(c.text, c.source) or 'supported'}\t{c.text}" for c in cases]


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
