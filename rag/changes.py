"""What one run of an indexer did, in numbers."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from rag.corpus import Corpus

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Change:
    """How many articles or passages one run of the indexer touched."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0


@dataclass(frozen=True)
class Report:
    """What one run of the indexer did; ``embedded`` counts texts that went through the model."""

    articles: Change
    passages: Change
    embedded: int
    corpus: Corpus


def article_change(before: Mapping[str, str], corpus: Corpus) -> Change:
    """Compare checksums by article name with a corpus."""
    after = {a.name: a.sha256 for a in corpus.articles}
    common = before.keys() & after.keys()
    changed = sum(before[name] != after[name] for name in common)
    return Change(
        added=len(after.keys() - before.keys()),
        changed=changed,
        removed=len(before.keys() - after.keys()),
        unchanged=len(common) - changed,
    )


def passage_change(before: Iterable[str], after: Iterable[str]) -> Change:
    """Compare passages by their texts, as often as each stands there."""
    old, new = Counter(before), Counter(after)
    return Change(
        added=(new - old).total(), removed=(old - new).total(), unchanged=(old & new).total()
    )
