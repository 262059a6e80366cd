"""Names of a statement and of its source: whether they can mean the same."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from rag.offices import COUNTRIES
from rag.support import lexicon
from rag.support.numbers import DAYS, is_month, is_number_word
from rag.support.tokens import Reading, Token
from rag.words import STOPWORDS, fold, same_name, stem

_ORDINARY = re.compile(
    r"(?:(?:er|or|ist|ian|ant|ent|tion|sion|ment|ity|ness|ance|ence|ship|ing|al|ism|age|ure)s?"
    r"|ed|ly|ies|ful|less|able|ible|ous|ive|ic)$"
)
_INSIDE = frozenset("of the and for de la van von der".split())
_SHORTEST_STEM = 3


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of capitalised words: ``tokens[low:high]`` of its text."""

    words: tuple[Token, ...]

    @property
    def low(self) -> int:
        """Where it begins."""
        return self.words[0].at

    @property
    def high(self) -> int:
        """Where it ends, one past its last word."""
        return self.words[-1].at + 1

    def same(self, other: "Run") -> bool:
        """Whether both can mean the same: the last words do, or one is the other's initials."""
        return (
            like(self.words[-1].low, other.words[-1].low)
            or initials(self.words) == other.words[-1].text
            or initials(other.words) == self.words[-1].text
        )


def unknown_names(said: Reading, source: Reading) -> list[Token]:
    """Give the names of a statement that are not in its source, in whatever spelling."""
    return [
        token
        for token in said.tokens
        if is_name(said, token, source)
        and token.low not in lexicon.HONORIFICS
        and not known(said, token, source)
    ]


def is_name(reading: Reading, token: Token, source: Reading | None = None) -> bool:
    """Whether a token is (part of) a name, and not a word that merely opens a sentence."""
    if not token.capital or not token.word or token.low in DAYS or is_month(token.low):
        return False
    if token.text.isupper() and len(token.text) > 1:
        return True
    beside = reading.low(token.at - 1), reading.low(token.at + 1)
    if token.low in {"may", "march"} and any(low[:1].isdigit() or low == "in" for low in beside):
        return False
    if token.low in STOPWORDS | lexicon.AUXILIARY or is_number_word(token.low):
        return False
    if not token.opens:
        return True
    if lexicon.OPENERS & {token.low, token.low.removesuffix("s")}:
        return False
    after = reading.tokens[token.at + 1] if token.at + 1 < len(reading.tokens) else None
    if token.possessive or (after and after.capital and after.low not in STOPWORDS):
        return True
    if source and any(t.low == token.low and t.capital and not t.opens for t in source.tokens):
        return True
    plain = {token.low, token.low.removesuffix("s"), token.low.removesuffix("es")}
    return not (_ORDINARY.search(token.low) or plain & _vocabulary())


@cache
def _vocabulary() -> frozenset[str]:
    """The lexicon's words: where one opens a sentence its capital says nothing."""
    told = " ".join([*lexicon.ALIKE, *lexicon.OPPOSITES, *lexicon.UNREAL, *lexicon.NEGATING])
    return frozenset(re.findall(r"[a-z]+", told)) | lexicon.CLAUSE_NEGATORS


def known(said: Reading, token: Token, source: Reading) -> bool:
    """Whether a name is in the source: so spelt, otherwise spelt, as people, or by initials."""
    for other in source.tokens:
        if other.word and (
            other.base == token.base or (other.capital and like(token.low, other.low))
        ):
            return True
    return _abbreviates(token, source) or _abbreviated(said, token, source)


def like(one: str, other: str) -> bool:
    """Whether two folded words can be one name, or a country and its people."""
    if one == other or stem(one) == stem(other) or same_name(one, other):
        return True
    one, other = (word.removesuffix("s") if len(word) > 3 else word for word in (one, other))
    if any({one, other} <= group for group in _peoples()):
        return True
    short, long = sorted((one, other), key=len)
    for cut in range(3):  # Russia-n, Ukrain-e-ian, Turk-ey-ish
        root = short[: len(short) - cut]
        ending = long[len(root) :]
        rooted = len(root) >= _SHORTEST_STEM + (cut > 0) and long.startswith(root)
        if rooted and ending in lexicon.DEMONYM_ENDINGS and _root_bears(short, cut):
            return True
    return False


@cache
def _peoples() -> list[set[str]]:
    """Countries and their people, in plain letters and without a plural's s."""
    rows = [line.split("\t")[:2] for line in COUNTRIES.read_text("utf-8").splitlines()]
    groups = [*rows, *(group.split() for group in lexicon.DEMONYMS)]
    return [{fold(w).removesuffix("s") if len(w) > 3 else fold(w) for w in g} for g in groups]


def of_a_people(run: Run) -> bool:
    """Whether a name is that of a people, which may well stand before another one: Irish."""
    return len(run.words) == 1 and run.words[0].low.removesuffix("s") in _adjectives()


@cache
def _adjectives() -> frozenset[str]:
    rows = (line.split("\t") for line in COUNTRIES.read_text("utf-8").splitlines())
    return frozenset(fold(row[1]).removesuffix("s") for row in rows)


def _root_bears(country: str, cut: int) -> bool:
    """Whether a country's name loses such an ending: a, e, ia, y, ey, o."""
    return cut == 0 or country[-cut:] in {"a", "e", "y", "o", "ia", "ey", "us", "es"}


def initials(words: Sequence[Token]) -> str:
    """Give the initials of capitalised words: United States gives US."""
    return "".join(t.text[0] for t in words if t.capital) if len(words) > 1 else ""


def _abbreviates(token: Token, source: Reading) -> bool:
    short = [initials(run.words) for run in runs(source) if len(run.words) > 1]
    acronym = token.text.isupper() and len(token.text) > 1
    return any((acronym and token.text in s) or like(token.low, s.lower()) for s in short if s)


def _abbreviated(said: Reading, token: Token, source: Reading) -> bool:
    """Whether a word belongs to a run whose initials the source has: "European" of EU."""
    acronyms = {t.text for t in source.tokens if t.text.isupper() and len(t.text) > 1}
    run = next((r for r in runs(said) if token in r.words), None)
    if not acronyms or run is None:
        return False
    at = run.words.index(token)
    return any(
        initials(run.words[low:high]) in acronyms
        for low in range(at + 1)
        for high in range(at + 1, len(run.words) + 1)
    )


def runs(reading: Reading) -> list[Run]:
    """Give the names of a text, small words inside them included: Bank of England."""
    found: list[Run] = []
    words: list[Token] = []
    for token in [*reading.tokens, None]:
        if (token and is_name(reading, token) and not (words and words[-1].possessive)) or (
            token and words and token.low in _INSIDE and _leads_on(reading, token)
        ):
            words.append(token)
        else:
            if words:
                found.append(Run(tuple(words)))
            words = [token] if token and is_name(reading, token) else []
    return found


def doubled(said: Reading, source: Reading) -> bool:
    """Whether a text has a name and then that name's own, of a source that names it only once.

    "Lind took over Lind's post" is not said by "Oren, who took over Lind's post".
    """
    mine, theirs = runs(said), runs(source)
    return any(
        run.words[-1].possessive
        and any(other.low < run.low and other.same(run) for other in mine)
        and sum(run.same(other) for other in theirs) < 2
        for run in mine
    )


def _leads_on(reading: Reading, token: Token) -> bool:
    """Whether a small word is inside a name, as "of" in "Bank of England"; "and" never is."""
    after = reading.tokens[token.at + 1 : token.at + 2]
    return token.low != "and" and bool(after) and is_name(reading, after[0])
