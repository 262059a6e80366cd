"""Whose words a question asks for ("What did Ames say …?"), and which sentences have them.

A question after somebody's words is not answered by what another said about the same. Asked are
only names and those who speak for a country ("Peruvian officials"): whether "the experts" speak
in a sentence cannot be told from its words.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby, pairwise

from rag.attribution import speaker_of
from rag.attribution.lexicon import TITLES, can_speak
from rag.attribution.verbs import FORMS, SAY
from rag.calibration import calibration
from rag.offices import Offices, country_of, stands_for
from rag.retriever import Hit, rank_anew
from rag.words import STOPWORDS, fold, same_name

MOST_WORDS = 6  # between the auxiliary and the verb: "did the Peruvian minister Ana Ruiz say"
SPEAKS, TOLD_OF, ELSE = 1, 0, -2  # weights of sentences in which they do, are, or neither
EUROPE = "European Union"  # whose leaders are also those of the countries in it, and beside it
EUROPEANS = frozenset(
    (
        "Austria|Belgium|Bulgaria|Croatia|Cyprus|Czech Republic|Denmark|Estonia|Finland|France|"
        "Germany|Greece|Hungary|Iceland|Ireland|Italy|Latvia|Lithuania|Luxembourg|Malta|"
        "Netherlands|Norway|Poland|Portugal|Romania|Slovakia|Slovenia|Spain|Sweden|Switzerland|"
        "United Kingdom"
    ).split("|")
)
_WORD = re.compile(r"\w[\w-]*(?:[’']s\b)?|[,;:()]")
_OWNED = re.compile(r"[’']s$")
# Auxiliaries and the form a verb has behind them; an offer or a demand others may tell of as well.
_AUXILIARIES = dict.fromkeys(("did", "does", "do"), "plain") | dict.fromkeys(
    ("has", "have", "had"), "past"
)
_SAYING = SAY | {"describe", "call"}
_ACCOUNTS = frozenset(
    """account answer assessment comment comments description explanation opinion position reaction
    remarks reply response stance statement take telling verdict view views warning words""".split()
)
_IDLE = frozenset("exactly really publicly then now so far".split())
NOBODY = Offices(())
_PREPOSITIONS = frozenset("of in at on for from by to with about between".split())


def prefer_theirs(hits: Sequence[Hit], question: str, offices: Offices) -> list[Hit]:
    """Order hits anew where somebody's words are asked for: those in which they speak win.

    A sentence in which another speaks, or that does not name them, loses and is marked as not
    ``theirs``; where the reporter tells of them it stays. ``offices`` says who "the mayor" is and
    for whom surnames stand. What no reranker read stays as it is.
    """
    asked = asked_speaker(question, offices)
    if not asked or any(hit.relevance is None for hit in hits):
        return list(hits)
    lack = calibration().blend.lacks
    marked = []
    for hit in hits:
        weight = _weight(hit, asked, offices.countries)
        marked.append(replace(hit, score=hit.score + weight * lack, theirs=weight >= 0))
    return rank_anew(sorted(marked, key=lambda hit: -hit.score))


def asks_for_all_words(question: str, offices: Offices) -> tuple[str, ...]:
    """Give the names where a question asks what somebody said, about nothing in particular."""
    tokens = _WORD.findall(question)
    while tokens and fold(tokens[-1]) in _IDLE:
        tokens.pop()
    ends = bool(tokens) and FORMS.get(tokens[-1], ("",))[0] in SAY
    return asked_speaker(question, offices) if ends else ()


def all_they_said(found: Sequence[Hit], asked: Sequence[str], offices: Offices) -> list[Hit]:
    """Give the sentences in which they speak, the newest article first, each from its head."""
    spoken = [hit for hit in found if _weight(hit, asked, offices.countries) == SPEAKS]
    spoken.sort(key=lambda hit: (hit.article.name, hit.sentence.number))
    spoken.sort(key=lambda hit: hit.article.date or "", reverse=True)
    return rank_anew([replace(hit, relevance=None) for hit in spoken])


def asked_speaker(question: str, offices: Offices = NOBODY) -> tuple[str, ...]:
    """Give the names of whoever's words a question asks for, as it has them; mostly none.

    ``offices`` names who holds an office that is asked for.
    """
    tokens = [match.group() for match in _WORD.finditer(question)]
    folded = [fold(token) for token in tokens]
    for at, word in enumerate(folded):
        names: tuple[str, ...] = ()
        if word in _AUXILIARIES:
            subject = _subject(tokens, at + 1, _AUXILIARIES[word])
            held = offices.meant(" ".join(subject))
            names = _names(held[0].split() if len(held) == 1 else subject)
        elif word == "according" and folded[at + 1 : at + 2] == ["to"]:
            names = _names(tokens[at + 2 : at + 2 + MOST_WORDS])
        elif at and _OWNED.search(tokens[at - 1]) and word in _ACCOUNTS:
            names = _names(_owner(tokens[:at]))
        if names:
            return names
    return ()


def _subject(tokens: Sequence[str], start: int, form: str) -> Sequence[str]:
    """The words from an auxiliary to a verb of saying: nothing where there is none near."""
    for end in range(start + 1, min(start + 1 + MOST_WORDS, len(tokens))):
        verb, kind = FORMS.get(tokens[end], ("", ""))
        if verb in _SAYING and kind == form and tokens[end - 1] != "of":  # "head of state"
            return tokens[start:end]
    return ()


def _owner(tokens: Sequence[str]) -> Sequence[str]:
    """The run of names that a possessive ends: "Ana Ruiz's"."""
    start = len(tokens) - 1
    while start and tokens[start - 1][0].isupper() and fold(tokens[start - 1]) not in STOPWORDS:
        start -= 1
    return tokens[start:]


def _names(subject: Sequence[str]) -> tuple[str, ...]:
    """The names at the head of a subject; none where its head is a thing or nobody certain."""
    head: list[str] = []
    for token in subject:
        if fold(token) in _PREPOSITIONS or not token[0].isalnum():
            break
        head.append(_OWNED.sub("", token))
    while head and not head[-1][0].isupper() and fold(head[-1]) in STOPWORDS | _IDLE:
        head.pop()
    if not head or not (head[-1][0].isupper() or can_speak(fold(head[-1]))):
        return ()
    parts = [list(part) for joined, part in groupby(head, lambda w: w == "and") if not joined]
    return tuple(name for part in parts for name in _who(part))


def _who(head: Sequence[str]) -> list[str]:
    """The people that words name, by surname; where there are none, the countries."""
    names = [fold(word) for word, after in pairwise([*head, ""]) if _last_of_name(word, after)]
    names = [name for name in names if name not in TITLES | STOPWORDS - {"us"}]
    pairs = [name for name in _capitals(head) if " " in name]
    names = [name for name in names if name not in " ".join(pairs).split()] + pairs
    return [name for name in names if country_of(name) is None] or names


def _last_of_name(word: str, after: str) -> bool:
    """Whether a name ends with a word: who is asked for goes by the surname, or by a country."""
    return word[0].isupper() and (not after[:1].isupper() or country_of(fold(word)) is not None)


def _weight(hit: Hit, asked: Sequence[str], countries: Mapping[str, str]) -> int:
    """How a sentence stands to who is asked for, in lacks of the kind of thing asked for."""
    speaker = speaker_of(hit.article, hit.sentence)
    told = _capitals(_WORD.findall(speaker or hit.sentence.text))
    if not any(_same(one, word, countries) for one in asked for word in told):
        return ELSE
    return SPEAKS if speaker else TOLD_OF


def _capitals(tokens: Sequence[str]) -> list[str]:
    """Words with a capital, folded, and each two that stand together: White House."""
    bare = [_OWNED.sub("", token) for token in tokens]
    singles = [fold(token) for token in bare if token[0].isupper()]
    pairs = [fold(f"{a} {b}") for a, b in pairwise(bare) if a[0].isupper() and b[0].isupper()]
    return singles + [pair for pair in pairs if country_of(pair)]


def _same(asked: str, told: str, countries: Mapping[str, str]) -> bool:
    """Whether a word names who is asked for; whoever holds an office speaks for their country."""
    if same_name(asked, told):
        return True
    country = country_of(asked)
    if country is None:
        return False
    other = stands_for(told, countries)
    return other == country or (country == EUROPE and other in EUROPEANS)
