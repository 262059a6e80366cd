"""The corpus's own words and names: what a question's words are widened to, and which are strange.

``Tally`` counts them so that articles can be added and taken away again; a count of 0 is forgotten.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

from rag.words import STOPWORDS, WORD, by_letter, fold, skeleton, stem, terms, variants, words

# Words of asking rather than of what is asked for; that they are missing says nothing.
ASKING = frozenset(
    """many much any large big long often ever yet happen happened happening know known tell explain
    describe please give name list mean means exactly really actually want like get
    make can""".split()
)

_CONTRACTED = re.compile(r"\b\w+n[’']t\b|[’']\w{1,2}\b")  # "weren't", "they've"


class Vocabulary:
    """All folded words of a corpus, and which of them are names, by their skeletons."""

    def __init__(self, names: Mapping[str, Sequence[str]], vocabulary: Iterable[str]) -> None:
        self._names = names
        self._vocabulary = by_letter(vocabulary)

    def widen(self, question: str) -> list[str]:
        """Give a question's terms, with the corpus's spellings of its names and typos added."""
        wanted = terms(question)
        for word in words(question):
            if word not in STOPWORDS:
                wanted += sorted(
                    {stem(v) for v in variants(word, self._names, self._vocabulary)} - set(wanted)
                )
        return wanted

    def strangers(self, question: str) -> list[str]:
        """Give a question's words that stand nowhere in the corpus and tell what it lacks.

        These are names and numbers; and all content words where most of them are missing, since a
        single verb that no article happens to use tells nothing.
        """
        content = [
            word
            for word in dict.fromkeys(WORD.findall(_CONTRACTED.sub("", question)))
            if fold(word) not in STOPWORDS | ASKING
        ]
        missing = [word for word in content if not self._knows(fold(word))]
        if 2 * len(missing) > len(content):
            return missing
        return [word for word in missing if not word.islower() and not question.startswith(word)]

    def _knows(self, word: str) -> bool:
        return stem(word) in self._stems or bool(variants(word, self._names, self._vocabulary))

    @cached_property
    def _stems(self) -> frozenset[str]:
        return frozenset(map(stem, self.every_word()))

    def every_word(self) -> Iterator[str]:
        """Give all words, in no order."""
        return chain.from_iterable(self._vocabulary.values())


def by_sound(names: Iterable[str]) -> dict[str, list[str]]:
    """Group folded names by their skeletons, as a vocabulary wants them."""
    found: dict[str, list[str]] = {}
    for name in sorted(names):
        found.setdefault(skeleton(name), []).append(name)
    return found


def names_and_words(texts: Iterable[str]) -> tuple[set[str], set[str]]:
    """Give the folded names (never seen in lower case) and all folded words of some texts."""
    capital, lower = set[str](), set[str]()
    for text in texts:
        for match in WORD.finditer(text):
            word = match.group()
            (capital if word[:1].isupper() else lower).add(fold(word))
    return capital - lower - STOPWORDS, capital | lower


@dataclass
class Tally:
    """How many passages hold each term, and how often each word stands there, by its first letter.

    ``capital`` and ``lower`` count folded words; ``terms`` counts passages, ``length`` all terms.
    """

    passages: int = 0
    length: int = 0
    terms: Counter[str] = field(default_factory=Counter)
    capital: Counter[str] = field(default_factory=Counter)
    lower: Counter[str] = field(default_factory=Counter)

    def count(self, texts: Sequence[str], sign: int) -> None:
        """Add passages' texts (sign 1), or take them away (-1)."""
        for text in texts:
            found = terms(text)
            self.passages += sign
            self.length += sign * max(1, len(found))
            for term in set(found):
                self.terms[term] += sign
            for match in WORD.finditer(text):
                word = match.group()
                (self.capital if word[:1].isupper() else self.lower)[fold(word)] += sign
        if sign < 0:
            for counter in (self.terms, self.capital, self.lower):
                for key in [key for key, count in counter.items() if count <= 0]:
                    del counter[key]

    @property
    def vocabulary(self) -> Vocabulary:
        """The words and names, as counting all texts at once would give them."""
        capital, lower = self.capital.keys(), self.lower.keys()
        return Vocabulary(by_sound(capital - lower - STOPWORDS), capital | lower)

    @property
    def mean_length(self) -> float:
        """Terms of a passage on average."""
        return self.length / max(1, self.passages)

    def weights(self, wanted: Sequence[str]) -> dict[str, float]:
        """Give each known term's inverse document frequency (Lucene's), as often as it is asked."""
        found: dict[str, float] = {}
        for term in wanted:
            if count := self.terms.get(term, 0):
                weight = math.log(1 + (self.passages - count + 0.5) / (count + 0.5))
                found[term] = found.get(term, 0.0) + weight
        return found

    def to_json(self) -> str:
        """Write all counts as JSON."""
        return json.dumps(
            {
                "passages": self.passages,
                "length": self.length,
                **{name: dict(getattr(self, name)) for name in ("terms", "capital", "lower")},
            },
            ensure_ascii=False,
            sort_keys=True,
        )

    @classmethod
    def from_json(cls, text: str) -> "Tally":
        """Read what ``to_json`` wrote."""
        data = json.loads(text)
        counters = (Counter(data[name]) for name in ("terms", "capital", "lower"))
        return cls(data["passages"], data["length"], *counters)
