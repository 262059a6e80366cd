"""Metrics of one answer or of a whole run; pure functions, 0 (worst) to 1 unless they say else.

``None`` means that a question is not eligible for a metric, which is no score and not 0.
A row with status ``error`` scores worst wherever its question is eligible.
"""

from collections.abc import Callable, Mapping, Sequence

from .gold import Gold
from .matching import (
    correct_text,
    normalise,
    references,
    rouge_l,
    token_f1,
    tokens,
    without_markers,
)
from .ranking import touches
from .rows import Cited, Row

Support = Callable[[str, str], bool]  # (statement, source): does the source support it
MARKER_SHARE = 0.25  # least share of a statement's words that a quote it points to must hold


def correct(item: Gold, row: Row) -> float:
    """1 for a right answer or a right abstention, else 0.

    An answer is right when its text or quotes meet every group of accepted answers and hold
    nothing forbidden; an abstention is right when the question is unanswerable, or rests on a
    false presupposition (``abstention_ok``).
    """
    if row.status == "answered" and item.answerable:
        texts = [without_markers(row.text), *row.quotes()]
        return float(correct_text(item.answers, item.forbidden, texts))
    return float(row.status == "abstained" and not item.must_answer)


def would_be_correct(item: Gold, row: Row) -> float:
    """As ``correct``, but an abstention counts as the answer it held back: its nearest quotes.

    For risk-coverage only; an unanswerable question has no right answer, so it gives 0.
    """
    if row.status != "abstained":
        return correct(item, row) if item.answerable else 0.0
    quotes = [near.quote for near in row.nearest]
    return float(item.answerable and correct_text(item.answers, item.forbidden, quotes))


def best_overlap(item: Gold, row: Row, measure: Callable[[str, str], float]) -> float:
    """Token F1 or ROUGE-L against the best reference: accepted answers or evidence sentences.

    An abstention is worth 1 where it is right and 0 elsewhere, as in SQuAD 2.0 (Rajpurkar 2018).
    """
    if row.status != "answered" or not item.answerable:
        return correct(item, row)
    evidence = [[span.quote for span in group] for group in item.evidence]
    accepted = [*references(item.answers), *references(evidence)]
    return max(measure(without_markers(row.text), reference) for reference in accepted)


def answer_f1(item: Gold, row: Row) -> float:
    """Token F1 against the best reference (Rajpurkar et al. 2016)."""
    return best_overlap(item, row, token_f1)


def answer_rouge_l(item: Gold, row: Row) -> float:
    """ROUGE-L F1 against the best reference (Lin 2004)."""
    return best_overlap(item, row, rouge_l)


def right_cited(item: Gold, row: Row) -> float | None:
    """Whether any citation overlaps any evidence span; for questions that must be answered."""
    if not item.must_answer:
        return None
    spans = [span for group in item.evidence for span in group]
    return float(any(touches(cited, spans) for cited in row.citations))


def evidence_cited(item: Gold, row: Row) -> float | None:
    """Share of evidence groups that a citation overlaps; for questions that must be answered."""
    if not item.must_answer:
        return None
    met = [any(touches(cited, group) for cited in row.citations) for group in item.evidence]
    return sum(met) / len(met)


def citation_recall(row: Row, support: Support) -> float | None:
    """ALCE citation recall (Gao et al. 2023): share of statements their citations support.

    ALCE asks an entailment model whether the cited passages together entail a statement; here the
    product's own word-level support check decides, and a statement that stands word for word in a
    quote is supported. A quote comes with its speaker's name. The judge is the verifier itself, so
    read ``right_cited`` beside it.
    """
    if row.status == "error":
        return 0.0
    if row.status == "abstained":
        return None
    if not row.statements:
        return 0.0
    quotes = _numbered(row)
    good = [_supported(s.text, [quotes.get(n) for n in s.citations], support)
            for s in row.statements]  # fmt: skip
    return sum(good) / len(good)


def citation_precision(row: Row, support: Support) -> float | None:
    """ALCE citation precision (Gao et al. 2023): share of citations that are not beside the point.

    A citation counts when its statement is supported and it either supports the statement alone or
    is needed by the others. Same judge as ``citation_recall``.
    """
    if row.status == "error":
        return 0.0
    if row.status == "abstained":
        return None
    quotes = _numbered(row)
    marks: list[bool] = []
    for said in row.statements:
        texts = [quotes.get(n) for n in said.citations]
        whole = _supported(said.text, texts, support)
        for at in range(len(texts)):
            others = texts[:at] + texts[at + 1 :]
            alone = _supported(said.text, texts[at : at + 1], support)
            marks.append(whole and (alone or not _supported(said.text, others, support)))
    return sum(marks) / len(marks) if marks else 0.0


def _numbered(row: Row) -> dict[int, str]:
    """Quotes by number, the speaker's name before each as the reader sees it beside it."""
    return {c.n: f"{c.speaker}: {c.quote}" if c.speaker else c.quote for c in row.citations}


def _supported(text: str, quotes: Sequence[str | None], support: Support) -> bool:
    """Whether quotes together support a text; a number that leads nowhere supports nothing."""
    source = " ".join(quote for quote in quotes if quote is not None)
    if not source:
        return False
    return normalise(text).rstrip(".") in normalise(source) or support(text, source)


def quote_exactness(row: Row, texts: Mapping[str, str]) -> float | None:
    """Share of quotes equal to ``text[start:end]`` of their article, code point for code point.

    Quotes shown with an abstention count too. ``texts`` maps article names to their text.
    """
    if row.status == "error":
        return 0.0
    quotes = [*row.citations, *row.nearest]
    if not quotes:
        return None
    return sum(_exact(cited, texts) for cited in quotes) / len(quotes)


def _exact(cited: Cited, texts: Mapping[str, str]) -> bool:
    text = texts.get(cited.article)
    inside = text is not None and 0 <= cited.start < cited.end <= len(text)
    return inside and text is not None and text[cited.start : cited.end] == cited.quote


def marker_accuracy(row: Row, texts: Mapping[str, str]) -> float | None:
    """Share of statements' markers that lead to the right article.

    A marker is right when a citation has its number, names an article of the corpus, and that
    article's quoted place holds at least a quarter of the statement's words. The place is read
    from the article, so that this asks where a marker leads and ``quote_exactness`` what is quoted.
    """
    if row.status == "error":
        return 0.0
    if row.status == "abstained":
        return None
    by_number = {cited.n: cited for cited in row.citations}
    marks = [
        n in by_number and _leads_home(said.text, by_number[n], texts)
        for said in row.statements
        for n in said.citations
    ]
    return sum(marks) / len(marks) if marks else 0.0


def _leads_home(statement: str, cited: Cited, texts: Mapping[str, str]) -> bool:
    if cited.article not in texts:
        return False
    wanted = set(tokens(statement))
    there = set(tokens(texts[cited.article][max(cited.start, 0) : cited.end]))
    return len(wanted & there) >= MARKER_SHARE * len(wanted)


def conflict_recall(item: Gold, row: Row) -> float | None:
    """Whether every side of a conflict is cited (RAMDocs' idea, Wang et al. 2025; our form).

    A side is cited when a citation overlaps a span of one of its evidence groups.
    """
    if not item.sides:
        return None
    sides = [[span for n in side for span in item.evidence[n]] for side in item.sides]
    return float(all(any(touches(cited, side) for cited in row.citations) for side in sides))


def as_of_kept(item: Gold, row: Row, dates: Mapping[str, str | None]) -> float | None:
    """Whether nothing found or cited is of an article dated after the question's as-of day.

    ``dates`` maps article names to ISO dates; an article without a date breaks the promise.
    """
    if item.as_of is None:
        return None
    if row.status == "error":
        return 0.0
    used = {cited.article for cited in (*row.citations, *row.nearest)}
    days = [dates.get(name) for name in used | {place.article for place in row.found or ()}]
    return float(all(day is not None and day <= item.as_of for day in days))
