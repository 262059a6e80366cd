"""Texts compared with texts: accepted answers, token F1 and ROUGE-L."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import islice, product

MARKER = re.compile(r"\s*\[\d{1,3}(?:\s*,\s*\d{1,3})*\]")
MOST_REFERENCES = 64
_SAME = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′ʼ`´", "'"),
        **dict.fromkeys("“”„‟″«»", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        "\u00ad": None,
    }
)


def normalise(text: str) -> str:
    """Give a text with one kind of quote, dash and space, in folded case."""
    plain = unicodedata.normalize("NFKC", text).translate(_SAME)
    return " ".join(plain.casefold().split())


def without_markers(text: str) -> str:
    """Take citation markers such as ``[2]`` out of an answer."""
    return MARKER.sub("", text)


@cache
def _pattern(phrase: str) -> re.Pattern[str]:
    wanted = normalise(phrase)
    before = r"(?<!\w)(?<!\d[.,])" if wanted[:1].isdigit() else r"(?<!\w)"
    after = r"(?!\w)(?![.,]\d)" if wanted[-1:].isdigit() else r"(?!\w)"
    return re.compile(before + re.escape(wanted) + after)


def holds(phrase: str, text: str) -> bool:
    """Whether a phrase stands in a text as whole words, whatever the quotes, dashes and case.

    A number only matches a whole number: 5 is not found in 5.5 or in 1,500.
    """
    return bool(_pattern(phrase).search(normalise(text)))


def groups_met(groups: Sequence[Sequence[str]], texts: Sequence[str]) -> list[bool]:
    """Say for each group of alternatives whether one of them stands in one of the texts."""
    return [any(holds(phrase, text) for phrase in group for text in texts) for group in groups]


def correct_text(
    groups: Sequence[Sequence[str]], forbidden: Sequence[str], texts: Sequence[str]
) -> bool:
    """Whether texts meet every group of accepted answers and hold nothing forbidden.

    The texts are an answer's own words and each of its quotes. This is the "contains" match of
    open question answering (Rajpurkar et al. 2016, EM relaxed to whole phrases), so that a long
    answer is easier to get right: read it together with token F1, which punishes length.
    """
    clean = not any(holds(phrase, text) for phrase in forbidden for text in texts)
    return clean and all(groups_met(groups, texts))


def tokens(text: str) -> list[str]:
    """Split a text as SQuAD does: lower case, no punctuation, no articles."""
    words = re.findall(r"\w+(?:[.,]\d+)*", normalise(text))
    return [word for word in words if word not in ("a", "an", "the")]


def token_f1(candidate: str, reference: str) -> float:
    """Harmonic mean of token precision and recall (SQuAD; Rajpurkar et al. 2016), 0 to 1."""
    have, want = tokens(candidate), tokens(reference)
    if not have or not want:
        return float(have == want)
    same = sum((Counter(have) & Counter(want)).values())
    return 2 * same / (len(have) + len(want))


def rouge_l(candidate: str, reference: str) -> float:
    """ROUGE-L F1: the longest common subsequence of words (Lin 2004, beta 1), 0 to 1."""
    have, want = tokens(candidate), tokens(reference)
    if not have or not want:
        return float(have == want)
    return 2 * _common(have, want) / (len(have) + len(want))


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Length of the longest common subsequence, in time len(one) x len(other)."""
    row = [0] * (len(other) + 1)
    for word in one:
        corner = 0
        for at, there in enumerate(other, 1):
            corner, row[at] = row[at], corner + 1 if word == there else max(row[at], row[at - 1])
    return row[-1]


def references(groups: Sequence[Iterable[str]]) -> list[str]:
    """Join one alternative of each group, in every way; at most 64 ways."""
    return [" ".join(parts) for parts in islice(product(*groups), MOST_REFERENCES)]
