"""A question to the sentences its answer may rest on: words of time read, searched, chosen."""

import datetime
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import chain, islice, zip_longest
from typing import Literal, Protocol

from rag.attribution import is_signature
from rag.expected import have_quoted
from rag.gate import QUOTES, worth_quoting
from rag.offices import Offices
from rag.overview import WIDE, asks_for_all, told_of_all
from rag.reprints import without_reprints
from rag.retriever import Hit, rank_anew
from rag.timewords import Timing, prefer, settle, timing
from rag.whois import asked_name, asked_office, asked_role, holders, introductions
from rag.whosewords import NOBODY, all_they_said, asks_for_all_words, prefer_theirs

EVENT_HITS = 3  # sentences that may say when an event was
SPARE = 2  # times as many as are offered are looked through for other sides of a conflict
LEAST = 2  # quotes for each question of several
NEAR = 2  # sentences of an article that are at most so far apart are read together


Broad = Literal["articles", "day", "name", "words"]


@dataclass(frozen=True, slots=True)
class Bounds:
    """Which articles are asked: dated up to a day, and of certain names; None for all."""

    as_of: datetime.date | None = None
    articles: Collection[str] | None = None


class Search(Protocol):
    """What finds sentences."""

    def search(
        self,
        query: str,
        k: int,
        as_of: datetime.date | None = None,
        articles: Collection[str] | None = None,
        *,
        rerank: bool = True,
    ) -> list[Hit]:
        """Give up to k sentences, best first; without ``rerank`` as plain rankings order them."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One question and what was found for it.

    ``query`` is the question without its words of time, ``as_of`` the day they bound the articles
    to; of the ``ranked`` sentences, ``hits`` are offered (reprints once), ``worth`` are those worth
    quoting, and ``shown`` as many of these as an answer has room for; the last two stand as they
    are read. ``broad`` evidence, for questions about the articles, a day, a name or
    somebody's words as such, is quoted as it stands: no model chooses or words it. ``further`` is
    what else was found, for a model that sees no answer in this.
    """

    question: str
    query: str
    as_of: datetime.date | None
    ranked: tuple[Hit, ...]
    hits: tuple[Hit, ...]
    worth: tuple[Hit, ...]
    shown: tuple[Hit, ...]
    broad: Broad | None = None
    further: "Evidence | None" = None


def gather(
    search: Search,
    questions: Sequence[str],
    bounds: Bounds,
    newest: str | None,
    many: int,
    offices: Offices = NOBODY,
    *,
    rerank: bool = True,
) -> list[Evidence]:
    """Find evidence for each question; ``many`` sentences are offered in all.

    Words of time that speak of an event take its day from the articles; ``newest`` is the ISO
    day of the latest one, ``offices`` tells who "the mayor" is. Without ``rerank`` it is a
    first look, at a small part of the time.
    """
    look = partial(search.search, rerank=rerank)
    quotes = QUOTES if len(questions) == 1 else max(LEAST, QUOTES // len(questions))
    given = bounds, newest, many, quotes, offices
    return [_gather(look, question, *given) for question in questions]


def _gather(
    look: Callable[..., list[Hit]],
    question: str,
    bounds: Bounds,
    newest: str | None,
    many: int,
    quotes: int,
    offices: Offices,
) -> Evidence:
    def find(event: str) -> list[Hit]:
        return look(event, EVENT_HITS, bounds.as_of, bounds.articles)

    said = settle(timing(question, newest), find)
    as_of = min((day for day in (bounds.as_of, said.until) if day), default=None)
    wide = cache(partial(look, said.query, WIDE, as_of, bounds.articles, rerank=False))
    if broad := _broadly(wide, question, said, newest, many, offices):
        told = tuple(broad[1])
        return Evidence(question, said.query, as_of, told, told, told, told, broad[0])
    found = look(said.query, SPARE * many, as_of, bounds.articles)
    found = [hit for hit in found if not is_signature(hit.article, hit.sentence)]
    ranked = _quoted_first(question, prefer(prefer_theirs(found, question, offices), said))
    once = without_reprints(ranked)
    hits = tuple(once[:many])
    chosen = _worth_and_shown(worth_quoting(hits), quotes)
    first = Evidence(question, said.query, as_of, tuple(ranked), hits, *chosen)
    return replace(first, further=_behind(first, once, many, quotes))


def _worth_and_shown(best: Sequence[Hit], quotes: int) -> tuple[tuple[Hit, ...], tuple[Hit, ...]]:
    return tuple(as_read(best)), tuple(as_read(best[:quotes]))


def _quoted_first(question: str, hits: Sequence[Hit]) -> list[Hit]:
    """Put sentences with the very words that a question quotes first."""
    have = have_quoted(question, [hit.sentence.text for hit in hits])
    order = sorted(range(len(hits)), key=lambda at: not have[at])
    return rank_anew(hits[at] for at in order)


def _behind(first: Evidence, once: Sequence[Hit], many: int, quotes: int) -> Evidence | None:
    """The best of what was found beside sentences worth quoting, ahead of these."""
    known = {hit.rank for hit in first.worth}
    left = [hit for hit in once if hit.rank not in known and (hit.theirs or not once[0].theirs)]
    if not left:
        return None
    best = worth_quoting(left)
    chosen = {hit.rank for hit in best}
    others = [hit for hit in once if hit.rank not in chosen]
    hits = tuple(rank_anew([*best, *others])[:many])
    worth, shown = _worth_and_shown(hits[: len(best)], quotes)
    return replace(first, hits=hits, worth=worth, shown=shown)


def _broadly(
    wide: Callable[[], list[Hit]],
    question: str,
    said: Timing,
    newest: str | None,
    many: int,
    offices: Offices,
) -> tuple[Broad, list[Hit]] | None:
    """Answer what no ranking by words can: what is it all about, who is that, what did they say."""
    if asks_for_all(question, said.period, newest):
        return "day" if said.period else "articles", told_of_all(wide(), said.period, many)
    name = asked_office(said.query, offices) or asked_name(said.query)
    if name and (told := introductions(wide(), name)):
        return "name", told
    if (role := asked_role(said.query)) and (told := holders(wide(), *role)):
        return "name", told
    theirs = () if said.period else asks_for_all_words(question, offices)
    if theirs and (told := all_they_said(wide(), theirs, offices)):
        return "words", without_reprints(told)[:QUOTES]
    return None


def as_read(hits: Sequence[Hit]) -> list[Hit]:
    """Put sentences that stand near each other in their article's order, where the best ranked was.

    A "he" then follows the name it stands for.
    """
    groups: list[list[Hit]] = []
    for hit in sorted(hits, key=lambda hit: (hit.article.name, hit.sentence.number)):
        before = groups[-1][-1] if groups else hit
        near = 0 < hit.sentence.number - before.sentence.number <= NEAR
        if near and before.article.name == hit.article.name:
            groups[-1].append(hit)
        else:
            groups.append([hit])
    groups.sort(key=lambda group: min(hit.rank for hit in group))
    return [hit for group in groups for hit in group]


def together(found: Sequence[Evidence], many: int) -> list[Hit]:
    """Take the best sentences of all, in turn, each once, ranked anew."""
    once: dict[tuple[str, int], Hit] = {}
    for hit in chain.from_iterable(zip_longest(*(evidence.hits for evidence in found))):
        if hit is not None:
            once.setdefault((hit.article.name, hit.sentence.start), hit)
    return rank_anew(islice(once.values(), many))
