"""Whom an article names: full names, surnames, titles and their bearers."""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import NamedTuple

from rag.attribution import lexicon as w
from rag.attribution.tokens import QUOTED, Token, has_article, is_name
from rag.attribution.verbs import FORMS


def _bare(token: Token) -> str:
    """A name as its other forms have it: Al-Sayed opens a sentence, al-Sayed stands inside."""
    name = token.text.removesuffix("'s")
    return name[:1].lower() + name[1:] if has_article(name) else name


def _owns(toks: Sequence[Token], k: int) -> bool:
    """Whether token ``k`` is a possessive, and no saint's name ("St Anne's Hospital")."""
    saint = k > 0 and toks[k - 1].low in {"st", "st.", "saint"}
    return toks[k].text.endswith("'s") and not saint


class _Mention(NamedTuple):
    name: str
    start: int
    titled: bool


class Names:
    """Whom an article names, by surname and by title."""

    def __init__(self, text: str, sentences: Sequence[list[Token]]) -> None:
        self._text = text
        self._by_surname: dict[str, list[_Mention]] = defaultdict(list)
        self._titles: dict[str, set[str]] = defaultdict(set)
        self._alone: set[str] = set()
        self._bodies: set[str] = set()  # of companies and the like
        self._inside = {_bare(t) for toks in sentences for t in toks[1:] if is_name(t)}
        self._capital_the = {
            " ".join(m[1].split()) for m in re.finditer(r"[a-z,]\s(The(?:\s[A-Z]\w+){1,5})", text)
        }
        for toks in sentences:
            for low, high in _runs(toks):
                self._learn(toks, low, high)
        self._fullest: dict[str, tuple[list[int], list[str]]] = {}
        for surname, mentions in self._by_surname.items():
            strongest = max(m.titled for m in mentions)
            best = [m for m in mentions if m.titled == strongest]
            self._fullest[surname] = [m.start for m in best], [m.name for m in best]
        self._bearers: dict[str, set[str]] = defaultdict(set)
        for name, titles in self._titles.items():
            for title in titles:
                self._bearers[title].add(name)

    def _learn(self, toks: list[Token], low: int, high: int) -> None:
        run = toks[low:high]
        cut = _after_title(run)
        person = run[cut:]
        if low and toks[low - 1].low == "the" and not cut:
            return
        if person and _is_body(toks, high):
            self._bodies |= {_bare(person[0]), self._slice(person)}
        if len(person) == 1:
            self._alone.add(_bare(person[0]))
        if not 2 <= len(person) <= 4 or any(t.low in w.SPEAKERS for t in person):
            return
        titles = {t.low for t in run[:cut]} | _title_before(toks, low) | _title_after(toks, high)
        name = self._slice(person, possessive=True)
        mention = _Mention(name, person[0].start, bool(titles))
        self._by_surname[_bare(person[-1])].append(mention)
        self._titles[name] |= {word.replace(".", "") for word in titles}

    def _slice(self, toks: Sequence[Token], possessive: bool = False) -> str:
        piece = " ".join(self._text[toks[0].start : toks[-1].end].split())
        return piece.removesuffix("'s").removesuffix("’s") if possessive else piece

    def is_ordinary(self, toks: Sequence[Token], k: int) -> bool:
        """Whether a capital at the head of a sentence says nothing: "Tax cuts …"."""
        after = toks[k + 1] if k + 1 < len(toks) else None
        if not toks[k].first or after is None or not after.low.isalpha() or is_name(after):
            return False
        verb = (
            after.low in FORMS
            or after.low in w.BE | w.HAVE | w.FUNCTION
            or after.low.endswith("ed")
        )
        return not verb and _bare(toks[k]) not in self._inside and not w.is_adverb(after.low)

    def is_person(self, name: str) -> bool:
        """Whether a readable name looks like one person's."""
        if name in self._bodies:
            return False
        head = name.split()
        if head[0].lower() in {"a", "an"}:  # "a manager at the office"
            head = [*takewhile(lambda word: word not in w.PREPOSITIONS, head)]
        last = head[-1]
        known = name in self._titles
        many = name.endswith("s") and w.can_speak(name.lower()) and name not in self._inside
        alone = name in self._alone and not name.isupper() and not many  # "Analysts think"
        role = name.lower().startswith(("the ", "a ", "an ")) and last not in _BODIES
        plain = last.islower() or last.lower() in w.TITLES  # "the Harbour Courier" is a paper
        return known or alone or (role and plain and w.can_speak(last) and not last.endswith("s"))

    def is_full(self, name: str) -> bool:
        """Whether a readable name is one that the article gives in full, and so a person's."""
        return name in self._titles and name not in self._bodies

    def is_woman(self, name: str, unknown: bool) -> bool:
        """Whether a name's title is a woman's; ``unknown`` where it has none that tells."""
        titles = self._titles.get(name, set())
        hers = any(t in w.WOMEN or t.endswith("woman") for t in titles)
        his = any(t in w.MEN or (t.endswith("man") and not t.endswith("woman")) for t in titles)
        return unknown if hers == his else hers

    def full(self, name: str, position: int) -> str:
        """The fullest form of a surname that the article gives, as last used before a position."""
        starts, names = self._fullest.get(name, ([], [name]))
        return names[max(bisect_right(starts, position) - 1, 0)]

    def known_tail(self, toks: Sequence[Token], low: int, high: int) -> int:
        """Where the person begins in "(on a visit to) Central Asia Putin"."""
        last = _bare(toks[high - 1])
        full = self.full(last, toks[high - 1].start)
        known = last in self._alone or full != last
        return high - 1 if known and full != self._slice(toks[low:high]) else low

    def run_before(self, toks: Sequence[Token], low: int, high: int) -> int:
        """Where the run of capitals begins that ends at ``high``; ``high`` itself if none does."""
        k = high
        if toks[k - 1].low == ")":  # "Nordic Bird Society (NBS)"
            k = next((n for n in range(k - 2, max(k - 7, low), -1) if toks[n].low == "("), high)
        while k > low:
            token = toks[k - 1]
            if is_name(token) and (k == high or not _owns(toks, k - 1)):
                k -= 1
                continue
            if token.low == "'" and k < high and toks[k - 2].low.endswith("s"):
                k -= 1  # "the Workers' Federation"
                continue
            lead = next((n for n in range(k - 1, low, -1) if toks[n].low not in _INSIDE), low)
            inside = low < lead + 1 < k < high and is_name(toks[lead]) and k - lead <= 4
            people = token.low == "and" and k < high and _bare(toks[k]) in self._alone
            if not inside or people or toks[lead].text.endswith("'s"):
                break
            k = lead
        return k if any(is_name(t) for t in toks[k:high]) else high

    def readable(self, toks: Sequence[Token], possessive: bool = False) -> str | None:
        """The readable name of a phrase: no titles at a person's name, for a title its bearer."""
        if not toks:
            return None
        phrase = self._slice(toks, possessive)
        if toks[0].low == "the":
            lower = toks[0].first and phrase not in self._capital_the
            return self._bearer(toks) or ("t" + phrase[1:] if lower else phrase)
        if not all(is_name(t) or t.low in _INSIDE for t in toks):
            return phrase
        cut = _after_title(toks)
        person = [*takewhile(lambda t: t.low not in {"of", "for"}, toks[cut:])] if cut else toks
        if not person:
            return phrase
        full = self.full(_bare(person[-1]), person[-1].start)
        alone = len(person) == 1
        return full if alone and full != _bare(person[-1]) else self._slice(person, possessive)

    def _bearer(self, toks: Sequence[Token]) -> str | None:
        """Who "the Irish president" is, where the article gives one such title to one name."""
        wanted = {t.low.replace(".", "") for t in toks[1:]}
        roles = [word for word in wanted if word in w.TITLES or w.can_speak(word)]
        if not roles or _BODIES.issuperset(roles):  # "the club" is not its chairman
            return None
        fits = set.intersection(*(self._bearers.get(word, set()) for word in wanted))
        return fits.pop() if len(fits) == 1 else None


_BODIES = w.SPEAKERS - w.TITLES - frozenset("coach captain boss star dictator minister".split())
_FIRMS = frozenset(
    """agency bank chain club company consortium firm group institute newspaper union
    university""".split()
)
_INSIDE = w.PARTICLES | {"of", "for", "and", "&", "the"}  # small words inside names


def _runs(toks: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """The runs of capitalised words, with particles such as "van" inside."""
    k = 0
    while k < len(toks):
        start = k
        while k < len(toks) and (is_name(toks[k]) or (k > start and toks[k].low in w.PARTICLES)):
            k += 1
            if _owns(toks, k - 1):
                break
        end = k
        while end > start and not is_name(toks[end - 1]):
            end -= 1
        if end > start:
            yield start, end
        k = max(k, start + 1)


def _after_title(run: Sequence[Token]) -> int:
    """How many words at the head of a name are title ("Foreign Minister", "US President").

    All of them where nobody is named: "Prime Minister of Qatar".
    """
    titles = [
        k
        for k, t in enumerate(run[:-1])
        if (t.low in w.TITLES or t.low.endswith(w.TITLE_ENDS))
        and not (k and run[k - 1].low in {"of", "for"})  # "Minister of Foreign Affairs"
    ]
    cut = titles[-1] + 1 if titles else 0
    small = {"of", "for", "and", "the", "&"}
    own = [*takewhile(lambda t: t.low not in small, run[cut:])]
    if cut and not 0 < len(own) <= 4:
        behind = [*takewhile(lambda t: t.low not in small, reversed(run[cut:]))]
        return len(run) - 2 if len(behind) > 2 else len(run)  # "Minister of Trade Anna Brown"
    return cut


def _title_before(toks: list[Token], low: int) -> set[str]:
    words: set[str] = set()
    k = low - 1 if low > 1 and toks[low - 1].low == "," and w.can_speak(toks[low - 2].low) else low
    while k > 0 and low - k < 8 and toks[k - 1].text[0].isalpha():
        token = toks[k - 1]
        if token.low in w.FUNCTION - {"of", "for"} or (token.text in FORMS and not token.first):
            break
        words.add(token.low.removesuffix("'s"))
        k -= 1
    return words if any(w.can_speak(word) or word in w.TITLES for word in words) else set()


def _title_after(toks: list[Token], high: int) -> set[str]:
    words: list[str] = []
    if high < len(toks) and toks[high].low == ",":
        for token in toks[high + 1 : high + 10]:
            if token.low in {",", ".", QUOTED} or token.low in w.BOUNDARY:
                break
            words.append(token.low)
    return set(words) if any(w.can_speak(x) or x in w.TITLES for x in words[:6]) else set()


def _is_body(toks: list[Token], high: int) -> bool:
    """Whether a name is explained as a body's: "Palisade, the firm brought in"."""
    if (
        high + 1 >= len(toks)
        or toks[high].low != ","
        or toks[high + 1].low not in {"a", "an", "the"}
    ):
        return False
    noun = next((k for k in range(high + 2, min(high + 6, len(toks))) if toks[k].low in _FIRMS), 0)
    behind = toks[noun + 1].low if 0 < noun < len(toks) - 1 else ""
    ends = not behind.isalpha() or behind in w.PREPOSITIONS | w.RELATIVE | {"that"}
    return bool(noun) and (ends or behind.endswith("ed") or behind == "brought")  # no "bank clerk"
