"""Who holds which office, as the articles themselves say it, and whom a question means by one.

Readers ask for "the top American diplomat" where the article only says "Rubio". Somewhere in the
corpus stands "US Secretary of State Marco Rubio"; that is read at indexing time, and a question's
office becomes the name. What an office is called (`OFFICES`) and which words stand for which
country (`countries.tsv`: name, adjectives, capital, seat of government) is general knowledge.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from pathlib import Path

from rag.errors import IndexDamaged
from rag.words import STOPWORDS, fold, respelt, same_name, skeleton

FILE = "offices.json"
COUNTRIES = Path(__file__).with_name("countries.tsv")
MOST_NAMES = 3  # what a country has more of (one, where no country is told) means nobody

# What is one office under several names. A question's "leader" may be any head; its "president" is
# only a president.
OFFICES = {
    "president": "president|head of state",
    "premier": "prime minister|premier|chancellor|head of government|taoiseach",
    "monarch": "king|queen|emperor|monarch|emir|sultan|crown prince",
    "diplomat": "foreign minister|secretary of state|foreign secretary|top diplomat|chief diplomat|"
    "minister of foreign affairs|foreign policy chief|diplomacy chief",
    "defence": "defence minister|defense minister|defence secretary|defense secretary|"
    "secretary of defense|secretary of war|minister of defence|minister of defense|defence chief",
    "finance": "finance minister|treasury secretary|chancellor of the exchequer",
    "spokesman": "spokesman|spokeswoman|spokesperson|press secretary|mouthpiece",
    "envoy": "envoy|emissary|negotiator|representative|ambassador|intermediary",
    "expert": "analyst|expert|pundit|commentator|political scientist|scholar|professor",
    "commander": "commander|general|army chief|military chief|commander-in-chief|admiral",
    "adviser": "adviser|advisor|aide|counsellor|right-hand man|chief of staff",
    "chief": "boss|chief executive|ceo|chairman|chairwoman|head|director|chief",
    "governor": "governor",
    "mayor": "mayor",
}
HEADS = "leader|ruler|strongman|head of state"  # whoever leads a country
_DETAILS = frozenset("of for the and special deputy first top senior chief".split())
_INSIDE = frozenset(
    """council state affairs defence defense ministry party committee parliament security treasury
    bank union nations agency service office department fund""".split()
)
_FORMER = frozenset("former ex late ousted then".split())
_NEVER = frozenset(  # capitalised, but nobody's name
    """january february march april may june july august september october november december monday
    tuesday wednesday thursday friday saturday sunday""".split()
)
_AT = frozenset("in at on from near to".split())  # what follows these is a place
_WORD = re.compile(r"(?:[A-Z]\.){2,}|[^\W\d_](?:[\w.\-]*\w)?|[,;:.!?()\"“”—–]|(?:’|')s\b")


@dataclass(frozen=True, slots=True)
class Holder:
    """A person, an office and whose office it is (a country's name, or None where not said)."""

    name: str
    office: str
    country: str | None


@cache
def _countries() -> dict[str, str]:
    lines = COUNTRIES.read_text("utf-8").splitlines()
    return {fold(w).strip("."): line.split("\t")[0] for line in lines for w in line.split("\t")}


@cache
def _titles() -> list[tuple[list[str], str]]:
    """All titles as folded words, in the singular, with their office, longest first."""
    named = [(t.split(), office) for office, titles in OFFICES.items() for t in titles.split("|")]
    heads = [(t.split(), "leader") for t in HEADS.split("|")]
    return sorted(heads + named, key=lambda title: -len(title[0]))


@cache
def _titles_from() -> dict[str, list[tuple[list[str], str]]]:
    """Titles in singular and plural by the word they begin with, longest first."""
    found: dict[str, list[tuple[list[str], str]]] = {}
    for title, office in _titles():
        for words in (title, [*title[:-1], f"{title[-1]}s"]):
            found.setdefault(words[0], []).append((words, office))
    return found


@cache
def _single_titles() -> frozenset[str]:
    return frozenset(title[0] for title, _ in _titles() if len(title) == 1)


@dataclass(frozen=True)
class Offices:
    """Everybody whose office the corpus tells."""

    holders: tuple[Holder, ...]

    @classmethod
    def build(cls, texts: Iterable[str]) -> "Offices":
        """Read the offices out of texts; rarer spellings of a name give way to the commonest."""
        return cls.of(Counter(holder for text in texts for holder in read_holders(text)))

    @classmethod
    def of(cls, found: Counter[Holder]) -> "Offices":
        """Make it of holders as read, counted."""
        return cls(tuple(sorted(_one_spelling(found), key=str)))

    @classmethod
    def open(cls, folder: Path) -> "Offices":
        """Open what ``save`` wrote; raises IndexDamaged when it is not whole."""
        path = folder / FILE
        try:
            return cls(tuple(Holder(**row) for row in json.loads(path.read_text("utf-8"))))
        except (OSError, ValueError, TypeError) as problem:
            raise IndexDamaged(
                f"{path} cannot be read; run `rag index` to build it again"
            ) from problem

    def save(self, folder: Path) -> None:
        """Write it into a folder."""
        rows = [asdict(holder) for holder in self.holders]
        (folder / FILE).write_text(json.dumps(rows, ensure_ascii=False), "utf-8")

    @cached_property
    def countries(self) -> dict[str, str]:
        """The country that a folded surname stands for: Rubio speaks for the United States."""
        return {fold(h.name.split()[-1]): h.country for h in self.holders if h.country}

    def named(self, question: str) -> str:
        """Give a question with the names its offices stand for added in brackets."""
        fresh = self.meant(question)
        return f"{question} ({', '.join(fresh)})" if fresh else question

    def meant(self, question: str) -> list[str]:
        """Give the names that a question's offices stand for and that it does not have itself."""
        names: list[str] = []
        tokens = _tokens(question)
        for start, end, office in _offices(tokens):
            one = not tokens[end - 1].endswith("s") or tokens[end - 1].endswith("boss")
            alone = not _is_name("".join(tokens[end : end + 1]))
            if one and alone and not _of_a_body(tokens, end):
                names += self._who(office, self._whose(tokens, start, end))
        return [name for name in dict.fromkeys(names) if name.split()[-1] not in question]

    def _who(self, office: str, country: str | None) -> list[str]:
        wide = {"president", "premier", "monarch"} if office == "leader" else {office}
        able = [h for h in self.holders if h.office in wide]
        found = [h.name for h in able if h.country == country] if country else []
        if not found:  # an office whose country nobody told, or nobody asked for
            found = [h.name for h in able if country is None or h.country is None]
        names = list(dict.fromkeys(found))
        return names if len(names) <= (MOST_NAMES if country else 1) else []

    def _whose(self, tokens: Sequence[str], start: int, end: int) -> str | None:
        """The country an office belongs to: "Ukraine's", "Ukrainian", "Trump's", "of Ukraine"."""
        country = _country_near(tokens, start, end)
        if country is None and start >= 2 and tokens[start - 1] in ("'s", "’s"):
            owner = fold(tokens[start - 2])
            led = [h.country for h in self.holders if same_name(fold(h.name.split()[-1]), owner)]
            country = next((c for c in led if c), None)
        return country


def country_of(word: str) -> str | None:
    """Give the country that a folded word names: itself, a people, a capital, a seat of power."""
    word = word.strip(".")
    return _countries().get(word) or _countries().get(word.removesuffix("s"))


def stands_for(word: str, countries: Mapping[str, str]) -> str | None:
    """Give the country that a folded word names, or for which a person of that name speaks.

    ``countries`` has folded surnames (``Offices.countries``), which may be spelt otherwise.
    """
    known = country_of(word) or countries.get(word)
    return known or next((c for name, c in countries.items() if same_name(word, name)), None)


def _tokens(text: str) -> list[str]:
    return _WORD.findall(re.sub(r"(?<=\w)(?:’|')s\b", " 's", text))


def _offices(tokens: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """Find titles: where they start and end (half-open), and their office."""
    folded = [fold(t).strip(".") for t in tokens]
    at = 0
    while at < len(tokens):
        for title, office in _titles_from().get(folded[at], ()):
            if folded[at : at + len(title)] == title:
                yield at, at + len(title), office
                at += len(title) - 1
                break
        at += 1


def _country_near(tokens: Sequence[str], start: int, end: int) -> str | None:
    """Look for a country just before a title (past adjectives), else in "of X" just after it."""
    for back in range(1, 6):
        if start - back < 0 or tokens[start - back] in ",;:.!?()":
            break
        found = _country(tokens[max(0, start - back - 1) : start - back + 1])
        if found:
            return found
        word = fold(tokens[start - back])
        if word in STOPWORDS - _DETAILS - {"own"}:
            break
    after = [t for t in tokens[end : end + 4] if fold(t) not in ("of", "in", "the")]
    of = fold("".join(tokens[end : end + 1])) in ("of", "in")
    return (_country(after[:2]) or _country(after[:1])) if of else None


def _of_a_body(tokens: Sequence[str], end: int) -> bool:
    """Whether a title is that of something with a name that is no country: "head of Norpower"."""
    behind = [t for t in tokens[end : end + 3] if t != "the"]
    of = behind[:1] in (["of"], ["at"]) and len(behind) > 1
    return of and _is_name(behind[1]) and _country_near(tokens, end, end) is None


def _country(words: Sequence[str]) -> str | None:
    """The country that the last word, or both words, stand for."""
    known = _countries()
    both = " ".join(fold(w).strip(".") for w in words)
    if len(words) > 1 and both in known:
        return known[both]
    last = words[-1] if words else ""
    return known.get(fold(last).strip(".")) if last[:1].isupper() else None


def read_holders(text: str) -> Iterator[Holder]:
    """Read who holds which office out of one text, as it is spelt there."""
    for line in text.splitlines():
        tokens = _tokens(line)
        for start, end, office in _offices(tokens):
            before = {fold(t) for t in tokens[max(0, start - 4) : start]}
            if office != "leader" and not before & _FORMER:
                country = _country_near(tokens, start, end)
                for name in [*_after(tokens, end), *_ahead(tokens, start)]:
                    yield Holder(name, office, country)


def _after(tokens: Sequence[str], end: int) -> list[str]:
    """Names behind a title: "envoy A B", "envoys, A B and C D", "head of the … Council A B"."""
    at = end
    if tokens[at : at + 1] in (["of"], ["for"]):
        at = next((i + 1 for i in range(end, min(end + 9, len(tokens)))
                   if fold(tokens[i]) in _INSIDE and fold("".join(tokens[i + 1 : i + 2])) != "and"
                   and _is_name("".join(tokens[i + 1 : i + 2]))
                   and fold(tokens[i + 1]) not in _INSIDE), len(tokens))  # fmt: skip
    elif tokens[at : at + 1] == [","] and _is_name("".join(tokens[at + 1 : at + 2])):
        at += 1
    names = []
    while at < len(tokens) and _is_name(tokens[at]):
        name, at = _name(tokens, at)
        names.append(name)
        if tokens[at : at + 1] == ["and"] and fold(tokens[end - 1]).endswith("s"):
            at += 1
        else:
            break
    return [name for name in names if name]


def _ahead(tokens: Sequence[str], start: int) -> list[str]:
    """A name in front of its title: "A B, the … title"."""
    for back in range(1, 6):
        at = start - back
        if at <= 0 or tokens[at] in ";:.!?()":
            return []
        if tokens[at] == ",":
            first = at
            while first > 0 and _is_name(tokens[first - 1]) and at - first < 3:
                first -= 1
            place = first > 0 and fold(tokens[first - 1]) in _AT
            return [" ".join(tokens[first:at])] if first < at and not place else []
    return []


def _name(tokens: Sequence[str], at: int) -> tuple[str, int]:
    last = at
    while last < len(tokens) and last - at < 3 and _is_name(tokens[last]):
        last += 1
    return " ".join(tokens[at:last]), last


def _is_name(token: str) -> bool:
    word = fold(token).strip(".")
    return (
        token[:1].isupper()
        and len(token) > 1
        and word not in STOPWORDS
        and word not in _countries()
        and word not in _INSIDE | _NEVER
        and word not in _single_titles()
    )


def _one_spelling(found: Counter[Holder]) -> set[Holder]:
    """Join spellings of one name (same surname by sound) to the fullest of the commonest."""
    names = Counter[str]()
    for holder, count in found.items():
        names[holder.name] += count
    best: dict[str, str] = {}
    heard: dict[str, list[str]] = {}  # the names of ``best`` by the consonants of their surnames
    for name in sorted(names, key=lambda n: (-len(n.split()), -names[n], n)):
        surname = fold(name.split()[-1])
        alike = heard.get(skeleton(surname), ())
        known = [k for k in alike if same_name(fold(k.split()[-1]), surname)]
        fits = [k for k in known if len(name.split()) == 1 or same_name(*_firsts(k, name))]
        if fits or len(name.split()) > 1:  # a single word that no full name explains is no person
            best[name] = fits[0] if fits else name
            for sound in {skeleton(spelt) for spelt in respelt(fold(best[name].split()[-1]))}:
                heard.setdefault(sound, []).append(best[name])
    held = {Holder(best[h.name], h.office, h.country) for h in found if h.name in best}
    told = {(h.name, h.office) for h in held if h.country}
    return {h for h in held if h.country or (h.name, h.office) not in told}


def _firsts(one: str, other: str) -> tuple[str, str]:
    return fold(one.split(maxsplit=1)[0]), fold(other.split(maxsplit=1)[0])
