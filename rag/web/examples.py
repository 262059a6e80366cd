"""How a corpus introduces itself: its size, its dates, and questions that it can answer.

A question is made of one sentence: who speaks in it, and what else it names. So there is an answer
by construction; ``proven`` asks the search and the gate as well before a reader is sent there.
"""

import datetime
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, zip_longest

from rag import gate
from rag.attribution import speaker_of
from rag.citation import Citation
from rag.corpus import Article, Sentence
from rag.markup import spoken
from rag.retriever import Hit
from rag.words import STOPWORDS

MOST = 40  # articles looked at for a first impression of a large corpus

# Capitalised words inside a sentence: mostly people, places and bodies, in most alphabets that have
# capitals. The first word of a sentence is capitalised anyway, so it does not count.
_WORD = r"[^\W\d_a-zß-ÿ][\w-]*\w"
_NAME = re.compile(rf"(?<=[a-zß-ÿ,;:–—] )(?:the )?{_WORD}(?: {_WORD}){{0,2}}(?=(?:’s|'s)?\b)")
_AFTER = re.compile(r"(?:’s|'s)? ([a-zß-ÿ\d]\w*)")
_SPEAKER = re.compile(rf"(?:the )?{_WORD}(?: {_WORD})*")
# What two plain words name together, when they do so again and again: “security guarantees”.
_PAIR = re.compile(r"\b([a-zß-ÿ]{4,}) ([a-zß-ÿ]{3,}(?<!s)s)\b")
_OFTEN = {True: 2, False: 3}  # sentences that must name a topic, by whether it is a name
_NO_TOPIC = frozenset(
    """January February March April May June July August September October November December
    Monday Tuesday Wednesday Thursday Friday Saturday Sunday President Minister Secretary Prime
    Foreign Deputy Special General Mr Mrs Ms Dr Sir""".split()
)

Search = Callable[[str], Sequence[Hit]]


def introduction(articles: Sequence[Article]) -> str:
    """Say in one line what can be asked: how many articles, from when to when."""
    if not articles:
        return "There are no articles yet."
    count = "one article" if len(articles) == 1 else f"{len(articles):,} articles"
    days = sorted(filter(_is_day, (article.date or "" for article in articles)))
    if not days:
        return count
    if days[0] == days[-1]:
        return f"{count}, {spoken(days[0])}"
    return f"{count}, {spoken(days[0])} to {spoken(days[-1])}"


def examples(articles: Sequence[Article]) -> list[str]:
    """Give questions drawn from a corpus, in turn from each of its articles."""
    looked_at = _sample(articles)
    topics = Topics(looked_at)
    per_article = [
        _questions([(article, sentence) for sentence in article.sentences], topics)
        for article in looked_at
    ]
    in_turn = chain.from_iterable(zip_longest(*per_article))
    return _of_many_speakers(question for question in in_turn if question)


def following(articles: Sequence[Article], cited: Sequence[Citation]) -> Iterator[str]:
    """Give questions that the quoted articles answer, those beside the quotes first."""
    names = {citation.article for citation in cited}
    quoted = [article for article in articles if article.name in names]
    starts = {(c.article, c.start) for c in cited}
    near: list[tuple[int, Article, Sentence]] = []
    for article in quoted:
        at = [s.number for s in article.sentences if (article.name, s.start) in starts]
        for sentence in article.sentences:
            distance = min((abs(sentence.number - n) for n in at), default=MOST)
            if distance:
                near.append((distance, article, sentence))
    near.sort(key=lambda row: row[0])
    topics = Topics({a.name: a for a in [*quoted, *_sample(articles)]}.values())
    return _questions([(article, sentence) for _, article, sentence in near], topics)


def _sample(articles: Sequence[Article]) -> Sequence[Article]:
    return articles[:: max(len(articles) // MOST, 1)][:MOST]


def proven(
    questions: Iterable[str], search: Search, known: Collection[tuple[str, int]] = ()
) -> Iterator[str]:
    """Pass on the questions whose evidence the gate takes for an answer, and a new one.

    ``known`` are (article, start) of quotes already shown.
    """
    for question in dict.fromkeys(questions):
        hits = search(question)
        if not gate.answerable(question, hits):
            continue
        if (hits[0].article.name, hits[0].sentence.start) not in known:
            yield question


class Topics:
    """What some articles name again and again, in how many sentences, in its fullest form."""

    def __init__(self, articles: Iterable[Article]) -> None:
        named = [
            name
            for article in articles
            for sentence in article.sentences
            if not sentence.heading
            for name in set(_mentions(sentence))
        ]
        forms = Counter(named)
        cores = Counter(_core(name) for name in named)
        self._count = {
            core: n for core, n in cores.items() if n >= _OFTEN[any(map(str.isupper, core))]
        }
        best = {_core(form): form for form, _ in reversed(forms.most_common())}
        self._form = {core: _full(core, best) for core in self._count}

    def of(self, sentence: Sentence) -> list[str]:
        """Give the topics of a sentence: matters before names, then the least common first."""
        cores = {_core(name) for name in _mentions(sentence)} & self._count.keys()
        ordered = sorted(cores, key=lambda core: (core[:1].isupper(), self._count[core], core))
        return [self._form[core] for core in ordered]


def _core(name: str) -> str:
    return name.removeprefix("the ")


def _full(core: str, best: Mapping[str, str]) -> str:
    """Give a surname with the first name, where only one is known."""
    longer = [name for name in best if name.endswith(f" {core}") and len(name.split()) == 2]
    known = len(longer) == 1 and not best[longer[0]].startswith("the ")
    return longer[0] if known and len(core.split()) == 1 and core[:1].isupper() else best[core]


def _questions(sentences: Iterable[tuple[Article, Sentence]], topics: Topics) -> Iterator[str]:
    """Make a question of each sentence that names a topic; first of those with a speaker."""
    plain = []
    for article, sentence in sentences:
        if sentence.heading:
            continue
        speaker = speaker_of(article, sentence)
        named = [t for t in topics.of(sentence) if speaker is None or not _shared(t, speaker)]
        if named and speaker is None:
            plain.append(f"What is reported about {named[0]}?")
        elif named and _SPEAKER.fullmatch(speaker or ""):
            yield f"What does {speaker} say about {named[0]}?"
    yield from plain


def _of_many_speakers(questions: Iterable[str]) -> list[str]:
    """Put questions first whose speaker and topic are in none before them."""
    first, rest, seen = list[str](), list[str](), list[str]()
    for question in dict.fromkeys(questions):
        parts = question.removeprefix("What ").removesuffix("?").split(" about ")
        fresh = not any(_shared(part, other) for part in parts for other in seen)
        (first if fresh else rest).append(question)
        seen += parts if fresh else []
    return first + rest


def _mentions(sentence: Sentence) -> list[str]:
    """Give what a sentence names: names that stand as nouns, and pairs of plain words."""
    text = " ".join(sentence.text.split())
    names = [
        ("the " if text[: match.start()].endswith("The ") else "") + match[0]
        for match in _NAME.finditer(text)
        if not _NO_TOPIC.intersection(match[0].split()) and not _is_adjective(match)
    ]
    pairs = [
        f"{a} {b}" for a, b in _PAIR.findall(text) if a not in STOPWORDS and b not in STOPWORDS
    ]
    return names + pairs


def _is_adjective(name: re.Match[str]) -> bool:
    """Whether a name is only part of one: “Russian officials”, “the Miami round”, “Article 5”."""
    after = _AFTER.match(name.string, name.end())
    one_word = len(_core(name[0]).split()) == 1
    return one_word and after is not None and after[1] not in STOPWORDS


def _shared(one: str, other: str) -> bool:
    """Whether two names share a capitalised word, or are the same."""
    capital = [{w for w in name.split() if w[:1].isupper()} for name in (one, other)]
    return bool(capital[0] & capital[1]) or one == other


def _is_day(text: str) -> bool:
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True
