"""What a campaign counted: as JSON, as Markdown, and as an exit code."""

import argparse
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PAUSE = 30.0  # seconds between two lines of progress
EXAMPLES = 12  # kept of every kind of fault, to be looked at


@dataclass
class Report:
    """Counts of one campaign, and examples of everything that went wrong."""

    campaign: str
    options: dict[str, Any]
    counts: Counter[str] = field(default_factory=Counter)
    faults: dict[str, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    told: float = 0.0

    def __post_init__(self) -> None:
        self.out: Path | None = self.options.get("out")

    def count(self, what: str, many: int = 1) -> None:
        """Count something that was tried or seen."""
        self.counts[what] += many

    def fault(self, what: str, example: str) -> None:
        """Count something that must not be, and keep an example of it."""
        self.counts[f"fault: {what}"] += 1
        kept = self.faults.setdefault(what, [])
        if len(kept) < EXAMPLES:
            kept.append(example)

    def progress(self) -> None:
        """Say now and then on stderr how far it has come, and write what there is so far."""
        now = time.monotonic() - self.began
        if now - self.told > PAUSE:
            self.told = now
            found = {what: self.faulty(what) for what in self.faults}
            sys.stderr.write(f"{now:.0f} s: {sum(self.counts.values())} counted, {found}\n")
            if self.out is not None:
                self.write(self.out)

    def faulty(self, what: str) -> int:
        """Say how often a fault was met."""
        return self.counts[f"fault: {what}"]

    def write(self, folder: Path) -> None:
        """Write ``report.json`` and ``report.md`` into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        told = {
            "campaign": self.campaign,
            "options": self.options,
            "seconds": round(time.monotonic() - self.began, 1),
            "counts": dict(sorted(self.counts.items())),
            "faults": self.faults,
            "notes": self.notes,
        }
        text = json.dumps(told, indent=1, ensure_ascii=False, default=str)
        (folder / "report.json").write_text(text.encode("utf-8", "replace").decode(), "utf-8")
        (folder / "report.md").write_text(self.markdown(), "utf-8")

    def markdown(self) -> str:
        """Give the report as a page."""
        rows = [f"| {name} | {count:,} |" for name, count in sorted(self.counts.items())]
        lines = [f"# {self.campaign}", "", f"Options: {self.options}", "", "| | |", "| --- | --- |"]
        lines += rows + [""] + [f"- {note}" for note in self.notes]
        for what, examples in self.faults.items():
            lines += ["", f"## {what}", ""] + [
                f"- `{ascii(example)[:400]}`" for example in examples
            ]
        return "\n".join(lines) + "\n"


def options(description: str) -> argparse.ArgumentParser:
    """Give a parser with what all campaigns take: --seed and --out."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="folder for the report; default: print it only")
    return parser


def finish(report: Report, out: Path | None, allowed: dict[str, float] | None = None) -> int:
    """Print and write a report; gives the exit code: 1 where a fault is met too often.

    ``allowed`` maps a fault to the greatest count that still passes; every other one allows none.
    """
    sys.stdout.write(report.markdown())
    if out is not None:
        report.write(out)
    return int(any(report.faulty(what) > (allowed or {}).get(what, 0) for what in report.faults))
