"""Numbers in a sentence with what they count: "28-point plan", "3.2 billion crowns", "75% of voters"."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.clauses import Token, tokens
from rag.timeline import when
from rag.words import STOPWORDS, stem

_UNITS = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
fifteen sixteen seventeen eighteen nineteen""".split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_SPELT = {word: float(n) for n, word in enumerate(_UNITS)}
_SPELT |= {word: float(n) for n, word in zip(range(20, 100, 10), _TENS, strict=True)}
_SCALES = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12} | {
    "m": 1e6,
    "mn": 1e6,
    "bn": 1e9,
    "tn": 1e12,
    "k": 1e3,
    "dozen": 12.0,
}
_MONEY = frozenset("$ € £ ¥ ₴ ₽".split())
_ROUGH = frozenset("about around approximately roughly nearly almost some over more up".split())
_FLOOR = frozenset("least over more".split())
_NUMBER = re.compile(r"(\d+(?:[,.]\d+)*)(?:-?([A-Za-z]+))?(?:[-\w]*)")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number at token ``at`` of its sentence, as it is written, with the stems of what it counts.

    ``rough`` says that it is rounded or a bound ("about", "at least").
    """

    value: float
    units: frozenset[str]
    rough: bool
    at: int
    start: int
    end: int

    def differs(self, other: "Quantity") -> bool:
        """Whether two numbers cannot be one: rounded ones may lie 5 % apart."""
        gap = abs(self.value - other.value)
        room = 0.05 * max(self.value, other.value) if self.rough or other.rough else 1e-9
        return gap > room


def quantities(text: str) -> tuple[Quantity, ...]:
    """Find the numbers of a sentence that count or measure; dates and years do neither."""
    times = when(text, "2000-06-15")  # any day will do: only the places are used
    toks = tokens(text)
    return tuple(
        q for q in _found(text, toks) if not any(q.start < t.end and t.start < q.end for t in times)
    )


def _found(text: str, toks: Sequence[Token]) -> Iterator[Quantity]:
    at = 0
    while at < len(toks):
        read = _read(toks, at)
        if read is None:
            at += 1
            continue
        value, length, glued = read
        units = frozenset(stem(unit) for unit in _units(toks, at, length, glued))
        era = at + length < len(toks) and toks[at + length].low in {"bc", "bce", "ad", "ce"}
        year = era or 1500 <= value < 2100 and value == int(value) and "," not in toks[at].text
        if not (year and not units & {"%"} and not glued):
            rough = bool({t.low for t in toks[max(at - 3, 0) : at]} & (_ROUGH | _FLOOR))
            yield Quantity(value, units, rough, at, toks[at].start, toks[at + length - 1].end)
        at += length


def _read(toks: Sequence[Token], at: int) -> tuple[float, int, list[str]] | None:
    """Read the number that begins at a token: value, tokens taken, units glued to it."""
    low = toks[at].low
    match = _NUMBER.fullmatch(low)
    glued: list[str] = []
    if match:
        value = _digits(match[1])
        tail = match[2] or ""
        if tail in _SCALES and tail != "k":
            value *= _SCALES[tail]
        elif tail in {"st", "nd", "rd", "th"}:
            return None
        elif tail:
            glued = [tail]
    else:
        head, _, rest = low.partition("-")
        if head not in _SPELT or low == "one":
            return None
        value = _SPELT[head]
        if rest in _SPELT and value >= 20:
            value += _SPELT[rest]
        elif rest:
            glued = [rest]
    length = 1
    while at + length < len(toks) and toks[at + length].low in _SCALES and not glued:
        value *= _SCALES[toks[at + length].low]
        length += 1
    return value, length, glued


def _digits(written: str) -> float:
    """Read 800,000 and 5.5 and 1.234.567; a comma before three digits parts thousands."""
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", written):
        return float(written.replace(",", ""))
    if re.fullmatch(r"\d{1,3}(\.\d{3}){2,}", written):
        return float(written.replace(".", ""))
    return float(re.split(r"[,.](?=.*[,.])", written)[0].replace(",", "."))


def _units(toks: Sequence[Token], at: int, length: int, glued: list[str]) -> Iterator[str]:
    """What a number counts: the unit written onto it, else the nouns that follow it."""
    if at and toks[at - 1].text in _MONEY:
        yield "$"
    yield from glued
    behind = toks[at + length :][:5]
    if behind and (behind[0].low in {"%", "percent"} or [t.low for t in behind[:2]] == ["per", "cent"]):
        yield "%"
        return
    for token in behind[: 3 if not glued else 2]:
        if not token.low[0].isalpha() or token.low in STOPWORDS:
            return
        yield token.low
