"""Numbers in a sentence with what they count: "20-point plan", "3.2 billion crowns", "75%"."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import dropwhile, islice

from rag.conflicts.clauses import Token, tokens
from rag.timeline import when
from rag.words import STOPWORDS, stem

_UNITS = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
fifteen sixteen seventeen eighteen nineteen""".split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_SPELT = {word: float(n) for n, word in enumerate(_UNITS)}
_SPELT |= {word: float(n) for n, word in zip(range(20, 100, 10), _TENS, strict=True)}
_SCALES = {"dozen": 12.0, "hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9}
_SCALES |= {"trillion": 1e12, "m": 1e6, "mn": 1e6, "bn": 1e9, "tn": 1e12}
_MONEY = frozenset("$ € £ ¥ ₴ ₽".split())
_ROUGH = frozenset(
    "about around approximately roughly nearly almost some over more up least".split()
)
_MORE = frozenset("other more further additional extra".split())
_OF_WHICH = _MORE | frozenset("of the its their his her our these those all".split())
_REACH = 7  # words behind a number in which its noun stands
_OVER = (["more", "than"], ["at", "least"])
_ERAS = frozenset("bc bce ad ce".split())
_ORDINALS = frozenset("st nd rd th".split())
_NUMBER = re.compile(r"(\d+(?:[,.]\d+)*)(?:-?([A-Za-z]+))?(?:[-\w]*)")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number at token ``at`` of its sentence, as it is written, with the stems of what it counts.

    ``rough`` says that it is rounded or a bound ("about", "at least"), ``over`` that it is less
    than what is meant ("more than 60").
    """

    value: float
    units: frozenset[str]
    rough: bool
    at: int
    start: int
    end: int
    over: bool = False

    def differs(self, other: "Quantity") -> bool:
        """Whether two numbers cannot be one: rounded ones may lie 5 % apart, 58 is not over 60."""
        if (self.over and other.value < self.value and not other.rough) or (
            other.over and self.value < other.value and not self.rough
        ):
            return True
        room = 0.05 * max(self.value, other.value) if self.rough or other.rough else 1e-9
        return abs(self.value - other.value) > room

    def compares(self, other: "Quantity") -> bool:
        """Whether two numbers count or measure the same kind of thing."""
        return bool(self.units & other.units) or not (self.units or other.units)


def quantities(text: str) -> tuple[Quantity, ...]:
    """Find the numbers of a sentence that count or measure; dates and years do neither."""
    times = when(text, "2000-06-15")  # any day will do: only the places are used
    found = _found(tokens(text))
    return tuple(q for q in found if not any(q.start < t.end and t.start < q.end for t in times))


def _found(toks: Sequence[Token]) -> Iterator[Quantity]:
    at = 0
    while at < len(toks):
        value, glued = _read(toks[at].low)
        if value is None:
            at += 1
            continue
        end = at + 1
        while end < len(toks) and toks[end].low in _SCALES and not glued:
            value *= _SCALES[toks[end].low]
            end += 1
        units = frozenset(stem(unit) for unit in _units(toks, at, end, glued))
        if not _is_year(toks, at, end, value) or "%" in units or glued:
            before = [t.low for t in toks[max(at - 3, 0) : at]]
            rough = any(low in _ROUGH for low in before)
            over = before[-2:] in _OVER and "no" not in before
            yield Quantity(value, units, rough, at, toks[at].start, toks[end - 1].end, over)
        at = end


def _is_year(toks: Sequence[Token], at: int, end: int, value: float) -> bool:
    if end < len(toks) and toks[end].low in _ERAS:
        return True
    return 1500 <= value < 2100 and value == int(value) and "," not in toks[at].text


def _read(low: str) -> tuple[float | None, str]:
    """Read a word as a number and the unit glued to it; None where it is none."""
    match = _NUMBER.fullmatch(low)
    if match:
        value, tail = _digits(match[1]), match[2] or ""
        if tail in _ORDINALS:
            return None, ""
        return (value * _SCALES[tail], "") if tail in _SCALES else (value, tail)
    head, _, rest = low.partition("-")
    if head not in _SPELT or low == "one":
        return None, ""
    if rest in _SPELT and _SPELT[head] >= 20:
        return _SPELT[head] + _SPELT[rest], ""
    return _SPELT[head], rest


def _digits(written: str) -> float:
    """Read 800,000 and 5.5 and 1.234.567; a comma before three digits parts thousands."""
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", written):
        return float(written.replace(",", ""))
    if re.fullmatch(r"\d{1,3}(\.\d{3}){2,}", written):
        return float(written.replace(".", ""))
    return float(re.split(r"[,.](?=.*[,.])", written)[0].replace(",", "."))


def _before_noun(behind: Sequence[str]) -> Callable[[str], bool]:
    """Say which words only lead to what is counted: "four other lines", "600 of the 700 jobs"."""
    if behind[:1] == ["of"]:
        return lambda low: low in _OF_WHICH or _read(low)[0] is not None
    return lambda low: low in _MORE


def _units(toks: Sequence[Token], at: int, end: int, glued: str) -> Iterator[str]:
    """What a number counts: the unit written onto it, and the nouns that follow."""
    if at and toks[at - 1].text in _MONEY:
        yield "$"
    if glued:
        yield glued
    behind = [t.low for t in toks[end : end + _REACH]]
    if behind[:1] in (["%"], ["percent"]) or behind[:2] == ["per", "cent"]:
        yield "%"
        return
    for low in islice(dropwhile(_before_noun(behind), behind), 2 if glued else 3):
        if not low[0].isalpha() or low in STOPWORDS:
            return
        yield low
