"""CLAPnq (Rosenthal et al. 2024): answers from a gold passage, and passages without an answer.

Our half of the dev set is passed through the product without the search. ROUGE-L is this project's
own (words, no stemming), over the answerable questions, an empty answer counting 0.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rag.answer import Answer
from rag.progress import bar
from rag.settings import Settings

from ..gold import Span
from ..matching import rouge_l, without_markers
from ..ranking import touches
from ..stats import mean_figure
from .data import read, spread, table
from .passage import article_of, open_passage

PUBLISHED = [  # ROUGE-L x 100, share of unanswerable recognised; whole dev set, other tokenisers
    ("GPT-4", 35.9, "18 %"),
    ("GPT-3.5", 39.8, "37 %"),
    ("FLAN-T5-XXL", 31.9, "78 %"),
    ("T5-large, fine-tuned on CLAPnq", 57.2, "89 %"),
    ("VerbatimRAG, spans", 58.8, "77 %"),
    ("VerbatimRAG, its small extractor", 44.1, "91 %"),
    ("the whole passage, copied", 49.5, "0 %"),
]


def run(settings: Settings, folder: Path, limit: int) -> str:
    """Give a Markdown table of our figures and the published ones."""
    rows = spread(read(folder, "clapnq.jsonl"), limit)
    results = list(_results(settings, rows))
    answerable = [r for r in results if r["answerable"]]
    rouge = mean_figure([r["rouge"] for r in answerable])
    known = mean_figure([r["silent"] for r in results if not r["answerable"]]).value or 0.0
    empty = mean_figure([r["silent"] for r in answerable]).value or 0.0
    cited = mean_figure([r["sentence_f1"] for r in answerable]).value or 0.0
    spread_told = f"{100 * (rouge.low or 0):.1f}-{100 * (rouge.high or 0):.1f}"
    ours = (f"**ours, --llm {settings.llm}**", 100 * (rouge.value or 0.0), f"{100 * known:.0f} %")
    shown = [(name, f"{score:.1f}", share) for name, score, share in [ours, *PUBLISHED]]
    head = ("system", "ROUGE-L", "unanswerable recognised")
    return (
        f"CLAPnq, {len(results)} questions ({len(answerable)} answerable); ours: 95 % interval "
        f"{spread_told}, answerable left empty {empty:.0%}, F1 of cited sentences {cited:.3f}.\n\n"
        + table(head, shown)
    )


def _results(settings: Settings, rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    rag, search = open_passage(settings)
    with bar("CLAPnq") as progress:
        for done, row in enumerate(rows, 1):
            search.article = article_of(" ".join(row["sentences"]), row["title"])
            answer = rag.ask(row["question"])
            silent = answer.status == "abstained"
            text = "" if silent else without_markers(answer.text)
            yield {
                "answerable": row["answerable"],
                "silent": float(silent),
                "rouge": rouge_l(text, row["answer"]) if row["answerable"] else 0.0,
                "sentence_f1": _sentence_f1(answer, row) if row["answerable"] else 0.0,
            }
            progress(done, len(rows))
    rag.close()


def _sentence_f1(answer: Answer, row: dict[str, Any]) -> float:
    """F1 of the passage's sentences that citations overlap against those the answer rests on."""
    spans, start = [], 0
    for sentence in row["sentences"]:
        spans.append(Span("passage", start, start + len(sentence), sentence))
        start += len(sentence) + 1
    have = {at for at, s in enumerate(spans) if any(touches(c, [s]) for c in answer.citations)}
    want = set(row["selected"])
    return 2 * len(have & want) / (len(have) + len(want)) if have or want else 1.0
