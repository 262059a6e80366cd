"""Rows and gold to scores: for each question, for each type, for the whole run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

from rag.corpus import Article, Sentence
from rag.passages import passages_of
from rag.support import supported

from . import abstention, metrics
from .gold import Gold
from .matching import groups_met, holds, without_markers
from .ranking import evidence_recall, ndcg, reciprocal_rank
from .rows import Row
from .stats import Figure, figure, mean_figure, percentile

K = 8
Scores = dict[str, float | None]
LABELS = {
    "correct": "answer correctness",
    "f1": "token F1",
    "rouge_l": "ROUGE-L",
    "correct_lexical_gap": "correctness where question and source share no words",
    "evidence_recall": f"evidence recall@{K}",
    "mrr": "MRR",
    "ndcg": f"nDCG@{K}",
    "right_cited": "a right sentence cited",
    "evidence_cited": "evidence cited",
    "citation_precision": "citation precision (ALCE)",
    "citation_recall": "citation recall (ALCE)",
    "quote_exactness": "quote exactness",
    "marker_accuracy": "marker-to-article accuracy",
    "conflict_recall": "conflict recall",
    "as_of_kept": "as-of day kept",
    "abstention_precision": "abstention precision",
    "abstention_recall": "abstention recall",
    "abstention_f1": "abstention F1",
    "aurc": "AURC (lower is better)",
    "attribution": "attribution accuracy",
    "errors": "errors (share)",
    "quoted_chars": "characters quoted (median)",
    "tokens_in": "tokens the model read (mean)",
    "tokens_out": "tokens the model wrote (mean)",
    "latency_p50_ms": "latency p50 (ms)",
    "latency_p95_ms": "latency p95 (ms)",
}


@dataclass(frozen=True)
class Corpus:
    """The articles as the metrics need them."""

    articles: tuple[Article, ...]

    @cached_property
    def texts(self) -> dict[str, str]:
        """Each article's text by its name."""
        return {article.name: article.text for article in self.articles}

    @cached_property
    def dates(self) -> dict[str, str | None]:
        """Each article's date by its name."""
        return {article.name: article.date for article in self.articles}

    @cached_property
    def sentences(self) -> list[Sentence]:
        """All sentences that can be found: those that are passages."""
        return [a.sentences[p.sentence] for a in self.articles for p in passages_of(a)]


@dataclass(frozen=True, slots=True)
class Scored:
    """One question, what was said to it, and what that is worth."""

    item: Gold
    row: Row
    scores: Mapping[str, float | None]

    @property
    def right(self) -> bool:
        """Whether the answer, or the abstention, was right."""
        return self.scores["correct"] == 1.0


def score(item: Gold, row: Row, corpus: Corpus, *, ranked: bool = True) -> Scored:
    """Score one row; ``ranked`` says whether its system gives a ranking of sentences at all."""
    right = metrics.correct(item, row)
    scores: Scores = {
        "correct": right,
        "f1": metrics.answer_f1(item, row),
        "rouge_l": metrics.answer_rouge_l(item, row),
        "correct_lexical_gap": right if item.lexical_gap else None,
        **_ranking(item, row, corpus, ranked=ranked),
        "right_cited": metrics.right_cited(item, row),
        "evidence_cited": metrics.evidence_cited(item, row),
        "citation_precision": metrics.citation_precision(row, supported),
        "citation_recall": metrics.citation_recall(row, supported),
        "quote_exactness": metrics.quote_exactness(row, corpus.texts),
        "marker_accuracy": metrics.marker_accuracy(row, corpus.texts),
        "conflict_recall": metrics.conflict_recall(item, row),
        "as_of_kept": metrics.as_of_kept(item, row, corpus.dates),
        "errors": float(row.status == "error"),
    }
    return Scored(item, row, scores)


def _ranking(item: Gold, row: Row, corpus: Corpus, *, ranked: bool) -> Scores:
    if not item.evidence or not ranked:
        return {"evidence_recall": None, "mrr": None, "ndcg": None}
    found = row.found or ()
    return {
        "evidence_recall": evidence_recall(item, found, K),
        "mrr": reciprocal_rank(item, found, corpus.sentences),
        "ndcg": ndcg(item, found, corpus.sentences, K),
    }


def score_all(items: Sequence[Gold], rows: Sequence[Row], corpus: Corpus) -> list[Scored]:
    """Score one system's rows; a question without a row counts as a crash, never vanishes."""
    by_id = {row.id: row for row in rows}
    system = rows[0].system if rows else "none"
    ranked = any(row.found is not None for row in rows)
    missing = partial(Row, system, status="error", error="no answer was recorded")
    return [score(i, by_id.get(i.id) or missing(i.id), corpus, ranked=ranked) for i in items]


def values(scored: Sequence[Scored], metric: str) -> list[float]:
    """A metric's values over the questions that are eligible for it."""
    return [value for s in scored if (value := s.scores[metric]) is not None]


def summarise(scored: Sequence[Scored]) -> dict[str, Figure]:
    """Figures of a whole run, each with its bootstrap interval over questions."""
    names = list(scored[0].scores) if scored else []
    summary = {name: mean_figure(values(scored, name)) for name in names}
    pairs = [(s.item, s.row) for s in scored]
    for name in ("abstention_precision", "abstention_recall", "abstention_f1"):
        statistic: Callable[[Sequence[abstention.Pair]], float | None] = getattr(abstention, name)
        summary[name] = figure(pairs, statistic)
    sure = [abstention.confidence_and_loss(item, row) for item, row in pairs]
    summary["aurc"] = figure(sure, abstention.aurc)
    lengths = [float(sum(map(len, s.row.quotes()))) for s in scored if s.row.status == "answered"]
    times = [s.row.timings_ms["total"] for s in scored if "total" in s.row.timings_ms]
    for way in ("in", "out"):
        told = [float(s.row.tokens[way]) for s in scored if s.row.tokens]
        summary[f"tokens_{way}"] = mean_figure(told)
    for name, samples, share in (
        ("quoted_chars", lengths, 50),
        ("latency_p50_ms", times, 50),
        ("latency_p95_ms", times, 95),
    ):
        summary[name] = figure(samples, partial(percentile, share=share))
    return {name: summary[name] for name in LABELS if name in summary}


def by_type(scored: Sequence[Scored], metric: str = "correct") -> dict[str, Figure]:
    """A metric's figure for each type of question, types in order of their names."""
    return {
        kind: mean_figure(values([s for s in scored if s.item.type == kind], metric))
        for kind in sorted({s.item.type for s in scored})
    }


def explain(scored: Scored) -> str:
    """Say in a few words why an answer is wrong, the earliest stage first; empty if it is right."""
    item, row, scores = scored.item, scored.row, scored.scores
    if scored.right:
        return ""
    if row.status == "error":
        return f"error: {row.error}"
    if not item.answerable:
        return "answered, although the articles do not say"
    reasons = []
    recall = scores["evidence_recall"]
    if recall is not None and recall < 1:
        reasons.append(f"search: {recall:.0%} of the evidence among the first {K}")
    if row.status == "abstained":
        reasons.append("gate: abstained, although the articles answer it")
    else:
        reasons += _what_lacks(item, row)
    return "; ".join(reasons)


def _what_lacks(item: Gold, row: Row) -> list[str]:
    texts = [without_markers(row.text), *row.quotes()]
    met = groups_met(item.answers, texts)
    lacks = [" or ".join(g[:3]) for g, good in zip(item.answers, met, strict=True) if not good]
    bad = [phrase for phrase in item.forbidden if holds(phrase, " … ".join(texts))]
    return [f"answer lacks: {what}" for what in lacks] + [f"answer holds: {what}" for what in bad]
