"""SQuAD 2.0 (Rajpurkar et al. 2018): whether the gate knows that a passage does not answer."""

from pathlib import Path

import numpy as np

from rag import gate
from rag.progress import bar
from rag.settings import Settings

from .data import read, spread, table
from .passage import article_of, open_passage

PUBLISHED = [("best of AbstentionBench (a 32B model)", "0.840", "", "", "")]


def run(settings: Settings, folder: Path, limit: int) -> str:
    """Give a Markdown table: F1, precision and recall of abstaining, and the AUC behind it."""
    rows = spread(read(folder, "squad2.jsonl"), limit or 400)
    rag, search = open_passage(settings.model_copy(update={"llm": "none"}))
    sure, silent = [], []
    with bar("SQuAD 2.0") as progress:
        for done, row in enumerate(rows, 1):
            search.article = article_of(row["context"], row["title"])
            hits = search.search(row["question"], settings.evidence)
            sure.append(gate.answerability(row["question"], hits))
            silent.append(not gate.answerable(row["question"], hits))
            progress(done, len(rows))
    rag.close()
    empty = np.array([not row["answerable"] for row in rows])
    precision, recall, f1 = _f1(np.array(silent), empty)
    head = ("system", "F1 of abstaining", "precision", "recall", "AUC")
    ours = ("**ours: the gate**", f1, precision, recall, _auc(np.array(sure), ~empty))
    return f"SQuAD 2.0, {len(rows)} questions.\n\n" + table(head, [ours, *PUBLISHED])


def _f1(said: np.ndarray, true: np.ndarray) -> tuple[float, float, float]:
    hits = float((said & true).sum())
    precision, recall = hits / max(said.sum(), 1), hits / max(true.sum(), 1)
    total = precision + recall
    return float(precision), float(recall), float(2 * precision * recall / total if total else 0.0)


def _auc(scores: np.ndarray, true: np.ndarray) -> float:
    """Chance that a true case scores above a false one, ties counting half (Mann & Whitney)."""
    good, bad = scores[true], scores[~true]
    if not len(good) or not len(bad):
        return 0.5
    above = (good[:, None] > bad[None]).mean() + 0.5 * (good[:, None] == bad[None]).mean()
    return float(above)
