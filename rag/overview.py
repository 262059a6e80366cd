"""Questions for nothing in particular: what the articles are about, what happened on a day.

No sentence answers these better than another by its words, so nothing is ranked by them: the
leads of the articles answer the first, newest first, and what is told of that day the second.
"""

import datetime
from collections.abc import Collection, Iterable, Iterator, Sequence

from rag.corpus import Article, Sentence
from rag.retriever import Hit, rank_anew
from rag.timeline import when
from rag.words import STOPWORDS, words

WIDE = 200  # sentences whose articles are looked at
Period = tuple[datetime.date, datetime.date]
_PILE = frozenset(
    """article articles document documents source sources text texts corpus collection file files
    news story stories report reports archive""".split()
)
_ASKING = frozenset(
    """about cover covers covered contain contains topic topics subject subjects theme themes
    summary summarise summarize overview main say says tell give show list know content contents
    discuss describe short brief please latest newest new deal deals""".split()
)
_HAPPENING = frozenset(
    """happen happened happens event events occurred take took place going anything everything
    said reported told developments""".split()
)


def asks_for_all(question: str, period: Period | None, newest: str | None) -> bool:
    """Whether a question names nothing but the articles themselves, or nothing but a day."""
    spans = when(question, newest) if period else ()
    for span in reversed(spans):
        question = question[: span.start] + " " + question[span.end :]
    rest = {word for word in words(question) if word not in STOPWORDS}
    if period:
        return rest <= _HAPPENING | _PILE | _ASKING
    return bool(rest & _PILE) and rest <= _PILE | _ASKING


def told_of_all(found: Sequence[Hit], period: Period | None, many: int) -> list[Hit]:
    """Give up to ``many`` sentences of the articles that were found: leads, or those of a day."""
    articles = {hit.article.name: hit.article for hit in found}.values()
    if period:
        ordered = sorted(articles, key=lambda article: (article.date or "", article.name))
        chosen = [hit for article in ordered for hit in _of_day(article, period)]
    else:
        ordered = sorted(articles, key=lambda article: article.name)
        ordered.sort(key=lambda article: article.date or "", reverse=True)
        chosen = [_hit(article, lead) for article in ordered for lead in _lead(article)]
    return rank_anew(chosen[:many])


def _of_day(article: Article, period: Period) -> Iterator[Hit]:
    first, last = period
    told = [s for s in _bodies(article) if _names_day(s, article.date, period)]
    today = article.date is not None and first.isoformat() <= article.date <= last.isoformat()
    yield from (_hit(article, s) for s in told or (_lead(article) if today else ()))


def _names_day(sentence: Sentence, date: str | None, period: Period) -> bool:
    """Whether a sentence names a time within the period, and not a longer one around it."""
    first, last = period
    return any(
        span.earliest and span.latest and first <= span.earliest and span.latest <= last
        for span in when(sentence.text, date)
    )


def _bodies(article: Article) -> Iterable[Sentence]:
    return (sentence for sentence in article.sentences if not sentence.heading)


def _lead(article: Article) -> Collection[Sentence]:
    """The first sentence that is no heading, in a list of its own; none in an empty article."""
    return [*_bodies(article)][:1]


def _hit(article: Article, sentence: Sentence) -> Hit:
    return Hit(1, article, sentence, "", 0.0)
