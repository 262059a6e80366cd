"""Whether a bare answer ("December 14-15") is what its source says of the thing asked about.

A model that answers with a name, a number or a day leaves the rest to the question, and the other
checks see only that its words stand in the source. There they may belong to something else: the
day of the Berlin talks is no answer to when those in Miami were.
"""

from collections.abc import Iterator, Set

from rag.expected import kind_of, offers
from rag.support import lexicon
from rag.support.align import alike
from rag.support.names import runs
from rag.support.numbers import dates, quantities
from rag.support.places import Place, names_fit_others
from rag.support.tokens import BREAKS, Reading, read

MOST_TOKENS = 8
RIVAL = 0.4  # this near the question's words, measured against another of its kind
_COUNTED = ("number", "time")  # a person may be "the dukes", which has no capital
_ASKING = lexicon.AUXILIARY | frozenset(
    "who whom whose when where what which why how many much".split()
)
_BESIDE = 3  # words
_LINKS = frozenset({"of", "for", "from"})
_BREAK = 3  # words that a mark between two words counts for


def strays(question: str, text: str, source: str) -> bool:
    """Whether a bare answer lacks the kind of thing asked for, or belongs to something else.

    It does where another name or number of the source stands much nearer to the question's words,
    or where the question's names fit others of the source better. Anything that is no bare answer,
    or does not stand in the source word for word, is left to the other checks.
    """
    asked, said, whole = read(question), read(text), read(source)
    place = _found(said, whole)
    if place is None or _says_more(asked, said):
        return False
    kind = kind_of(question)
    if kind in _COUNTED and not offers(kind, text, question) and offers(kind, source, question):
        return True
    wanted = _wanted(asked)
    if _part_of(asked, whole, place):
        return True
    rivals = [_nearness(wanted, whole, other) for other in _rivals(asked, whole, place)]
    near = _nearness(wanted, whole, place)
    if near < RIVAL * max(rivals, default=0.0) or _of_another(asked, wanted, whole, place):
        return True
    told = [t.text for t in asked.tokens if t.word and t.low not in _ASKING]
    return names_fit_others(read(" ".join((*told, text))), whole)


def _part_of(asked: Reading, whole: Reading, place: Place) -> bool:
    """Whether "a subcontractor of Dendrix" is told, and Dendrix the answer to which subcontractor.

    "The city of Arden" is Arden, "a suburb of Arden" is not.
    """
    link = place.low - 1 - (whole.low(place.low - 1) == "the")
    which = [asked.tokens[t.at + 1].base for t in asked.tokens[:-1] if t.low in {"which", "what"}]
    if whole.low(link) not in _LINKS or whole.tokens[link - 1].base not in which:
        return False
    led = {whole.low(at) for at in range(link - 1 - _BESIDE, link - 1)}
    return not led.isdisjoint({"a", "an", "another"})


def _says_more(asked: Reading, said: Reading) -> bool:
    """Whether an answer is long, or says something of the question's things itself."""
    own = {token.base for token in said.content}
    return len(said.tokens) > MOST_TOKENS or bool(own & {token.base for token in asked.content})


def _found(said: Reading, whole: Reading) -> Place | None:
    wanted = [token.low for token in said.tokens if token.word]
    there = [token for token in whole.tokens if token.word]
    for at in range(len(there) - len(wanted) + 1):
        here = there[at : at + len(wanted)]
        if here and [token.low for token in here] == wanted:
            return Place(here[0].at, here[-1].at + 1)
    return None


def _rivals(asked: Reading, whole: Reading, own: Place) -> Iterator[Place]:
    """Give the numbers and days, or the names, that the question does not have itself."""
    told = {token.low for token in asked.tokens}
    numeric = any(c.isdigit() for t in whole.tokens[own.low : own.high] for c in t.text)
    if numeric:
        counted = [q.at for q in quantities(whole)] + [d.at for d in dates(whole)]
        others = [Place(at, at + 1) for at in counted]
    else:
        others = [Place(run.low, run.high) for run in runs(whole)]
    for other in others:
        apart = other.high <= own.low or other.low >= own.high
        if apart and not {t.low for t in whole.tokens[other.low : other.high]} <= told:
            yield other


def _of_another(asked: Reading, wanted: Set[str], whole: Reading, place: Place) -> bool:
    """Whether "the Berlin meeting" stands right beside, where that in Miami is asked for."""
    names = runs(asked)
    if not any(one.same(other) for one in names for other in runs(whole)):
        return False
    for run in runs(whole):
        known = any(run.same(name) for name in names)
        thing = whole.tokens[run.high : run.high + 1]
        if thing and not known and thing[0].base in wanted:
            apart = place.low - run.high if place.low > run.high else run.low - place.high
            if 0 <= apart <= _BESIDE:
                return True
    return False


def _wanted(asked: Reading) -> set[str]:
    """The base forms of the question's words, and of others for the same."""
    wanted = {token.base for token in asked.content}
    return wanted | {other for base in wanted for other in alike().get(base, ())}


def _nearness(wanted: Set[str], whole: Reading, place: Place) -> float:
    """Sum over the question's words in the source: 1 / (1 + words from there to the place)."""
    nearest: dict[str, int] = {}
    for token in whole.tokens:
        if token.base in wanted and not place.low <= token.at < place.high:
            apart = min(abs(token.at - place.low), abs(token.at - place.high + 1))
            low, high = sorted((token.at, place.low))
            apart += _BREAK * sum(t.low in BREAKS for t in whole.tokens[low:high])
            nearest[token.base] = min(nearest.get(token.base, apart), apart)
    return sum(1 / (1 + apart) for apart in nearest.values())
