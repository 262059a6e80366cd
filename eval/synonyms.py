"""Questions in other words, out of WordNet, or in fewer, to train the reranker on.

SQuAD's questions repeat the words of the sentence that answers them; readers' questions often do
not. WordNet's files (`wndb(5)`; Debian: `apt-get install wordnet-base`) tell which words mean the
same (one synset) and which mean something wider (its hypernym).
"""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.words import STOPWORDS, fold, stem, terms

FOLDER = Path("/usr/share/wordnet")
PARTS = ("noun", "verb", "adj")
SENSES = 2  # the two most frequent meanings; later ones are mostly beside the point
_ENDINGS = (("ies", "y"), ("es", ""), ("es", "e"), ("s", ""), ("ed", ""), ("ed", "e"),
            ("ing", ""), ("ing", "e"))  # fmt: skip


@dataclass(frozen=True)
class Thesaurus:
    """For each part of speech: a word's synsets, most frequent first, and each synset's line."""

    senses: Mapping[str, Mapping[str, Sequence[int]]]
    synsets: Mapping[str, Mapping[int, str]]

    @classmethod
    def open(cls, folder: Path = FOLDER) -> "Thesaurus":
        """Read ``index.*`` and ``data.*``; raises FileNotFoundError that names the file."""
        senses = {part: dict(_index(folder / f"index.{part}")) for part in PARTS}
        return cls(senses, {part: dict(_data(folder / f"data.{part}")) for part in PARTS})

    def others(self, word: str) -> list[str]:
        """Give other words for a lower-case word, in order and without repeats."""
        found: list[str] = []
        for base in _bases(word):
            for part in PARTS:
                for offset in self.senses[part].get(base, ())[:SENSES]:
                    found += self._same(part, offset)
                    found += [w for up in self._wider(part, offset) for w in self._same(part, up)]
            if found:
                break
        return [w for w in dict.fromkeys(found) if stem(fold(w)) != stem(fold(word))]

    def _same(self, part: str, offset: int) -> list[str]:
        fields = self.synsets[part][offset].split()
        count = int(fields[3], 16)
        lemmas = [fields[4 + 2 * i] for i in range(count)]
        return [lemma.split("(")[0].replace("_", " ") for lemma in lemmas if lemma.islower()]

    def _wider(self, part: str, offset: int) -> list[int]:
        found = re.findall(r" @ (\d{8}) [nv]", self.synsets[part][offset])
        return [int(number) for number in found[:1]]


def reworded(question: str, sentence: str, thesaurus: Thesaurus, dice: random.Random) -> str:
    """Say a question's plain words that stand in the sentence too with other words; names stay."""
    shared = set(terms(sentence))
    said = []
    for word in question.split():
        bare = re.sub(r"\W", "", word)
        plain = bare.islower() and fold(bare) not in STOPWORDS and stem(fold(bare)) in shared
        others = thesaurus.others(bare)[:8] if plain and dice.random() < 0.75 else []
        said.append(word.replace(bare, dice.choice(others)) if others else word)
    return " ".join(said)


def thinned(question: str, sentence: str, dice: random.Random) -> str:
    """Drop some of a question's plain words that stand in the sentence too; names stay."""
    shared = set(terms(sentence))
    kept = []
    for word in question.split():
        bare = re.sub(r"\W", "", word)
        plain = bare.islower() and fold(bare) not in STOPWORDS
        if not (plain and stem(fold(bare)) in shared and dice.random() < 0.6):
            kept.append(word)
    return " ".join(kept)


def variants(
    question: str, sentence: str, thesaurus: Thesaurus, dice: random.Random
) -> tuple[str, ...]:
    """Say a question anew, up to twice in other words and once in fewer; without repeats."""
    said = [reworded(question, sentence, thesaurus, dice) for _ in range(2)]
    said.append(thinned(question, sentence, dice))
    return tuple(each for each in dict.fromkeys(said) if each != question)


def _bases(word: str) -> Iterator[str]:
    yield word
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            yield word.removesuffix(ending) + instead


def _index(path: Path) -> Iterator[tuple[str, list[int]]]:
    for line in path.read_text("utf-8").splitlines():
        if not line.startswith(" "):
            fields = line.split()
            yield fields[0], [int(field) for field in fields[-int(fields[2]) :]]


def _data(path: Path) -> Iterator[tuple[int, str]]:
    for line in path.read_text("utf-8").splitlines():
        if not line.startswith(" "):
            yield int(line[:8]), line
