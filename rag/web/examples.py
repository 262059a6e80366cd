"""How a corpus introduces itself: its size, its dates, and questions worth asking it."""

import datetime
import re
from collections import Counter
from collections.abc import Sequence
from itertools import chain

from rag.corpus import Article

# Two to four capitalised words inside a sentence: mostly people and bodies, in most alphabets
# that have capitals. The first word of a sentence is capitalised anyway, so it does not count.
_WORD = r"[^\W\d_a-zß-ÿ]\w+"
_NAME = re.compile(rf"(?<=[a-zß-ÿ,] )(?:the )?{_WORD}(?: {_WORD}){{1,3}}\b")


def introduction(articles: Sequence[Article]) -> str:
    """Say in one line what can be asked: how many articles, from when to when."""
    if not articles:
        return "There are no articles yet."
    count = "one article" if len(articles) == 1 else f"{len(articles):,} articles"
    days = sorted(day for article in articles if (day := _day(article)) is not None)
    if not days:
        when = ""
    elif days[0] == days[-1]:
        when = f" from {_spoken(days[0])}"
    else:
        when = f" from {_spoken(days[0])} to {_spoken(days[-1])}"
    return (
        f"Ask {count}{when}. Every claim stands in an exact quote; click its number to see where."
    )


def examples(articles: Sequence[Article], count: int = 6) -> list[str]:
    """Give questions about the names and the articles of a corpus, names most spoken of first."""
    about = [f"What do the articles say about {name}?" for name in _names(articles)]
    titles = sorted({a.title for a in articles if a.title}, key=lambda title: (len(title), title))
    told = [f"What is reported under “{title}”?" for title in titles]
    by_name = max(count - len(told[:2]), 0)
    return [*about[:by_name], *told, *about[by_name:]][:count]


def _names(articles: Sequence[Article]) -> list[str]:
    """Names in the order of how many articles have them, then of how often they come."""
    per_article = [Counter(_NAME.findall(article.text)) for article in articles]
    spread = Counter(chain.from_iterable(per_article))
    total = sum(per_article, Counter[str]())
    return sorted(spread, key=lambda name: (-spread[name], -total[name], name))


def _day(article: Article) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(article.date or "")
    except ValueError:
        return None


def _spoken(day: datetime.date) -> str:
    return f"{day.day} {day:%B %Y}"
