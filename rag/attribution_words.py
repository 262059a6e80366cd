"""What ``rag.attribution`` knows of words: how English news reports sayings and names people.

General English only: no person, party, paper or country of any corpus stands here.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

# Verbs that carry a statement; whoever they have for a subject speaks.
_SAY = """say tell add note stress emphasise emphasize admit acknowledge confirm warn announce
declare claim insist argue assert allege reiterate repeat explain caution concede report write
remark comment recall reply respond answer predict estimate contend complain summarise summarize
deny disclose vow pledge joke quip tweet recount believe think quote lament boast assure testify
highlight underline underscore express voice state speculate forecast affirm stipulate"""
# Verbs that take a side or make an offer: heard only where no verb of the first kind is.
_POSITION = """reject demand propose offer counter threaten urge promise condemn denounce criticise
criticize accuse blame praise hail mock dismiss describe brand label call rule lay spell allow
speak maintain point make deem welcome appeal advise recommend question doubt"""
# Verbs that things do too ("progress suggests"): only a subject able to speak counts.
_SOFT = """suggest indicate signal reveal conclude find show hint imply observe hope expect fear
maintain determine calculate discover"""

# A verb that speaks only together with one of these words soon after it; '"' is a quotation.
NEEDS = {
    "call": frozenset({'"', "for", "on", "it", "him", "her", "them", "a", "an", "the"}),
    "rule": frozenset({"out"}),
    "lay": frozenset({"out"}),
    "spell": frozenset({"out"}),
    "point": frozenset({"out"}),
    "allow": frozenset({"for", "that"}),
    "speak": frozenset({"of", '"'}),
    "make": frozenset({"clear"}),
    "maintain": frozenset({"that", "position", "stance", '"'}),
    "conclude": frozenset({"that", '"'}),
    "describe": frozenset({"as"}),
    "brand": frozenset({"as", '"'}),
    "label": frozenset({"as", '"'}),
    "deem": frozenset({"to", '"'}),
    "quote": frozenset({"as"}),
    "show": frozenset({"that", "%", "percent", "."}),
    "find": frozenset({"that", "%", "percent", "evidence", "."}),
    "respond": frozenset({"that", "by", "with", '"'}),
    "question": frozenset({"whether", "why", "how"}),
    "signal": frozenset({"that", "it", "he", "she", "they"}),
    "answer": frozenset({"that", '"'}),
    "appeal": frozenset({"for", "to"}),
    "reveal": frozenset({"that", '"', "plans", "details", "the"}),
    "discover": frozenset({"that"}),
    "determine": frozenset({"that"}),
    "state": frozenset({"that", '"'}),
    "comment": frozenset({"that", '"', "on"}),
}
REACH = dict.fromkeys(("describe", "brand", "label", "call", "find", "quote", "show"), 6)
# As plain or -s forms these are nouns as often as verbs.
HOMOGRAPHS = frozenset(
    """report claim comment demand offer call estimate promise state answer reply note pledge appeal
    remark hope doubt brand label point blame question quote forecast fear find show voice joke
    tweet signal highlight hint rule counter express""".split()
)
# After these the passive names a speaker: "described by X as".
PASSIVE = frozenset(
    """describe call brand label dismiss condemn denounce hail praise criticise criticize announce
    confirm reject report quote accuse mock""".split()
)
INVERTED = frozenset(
    """say add note report write explain warn insist ask stress admit declare announce claim argue
    reply joke quip recall conclude remark tell observe vow promise predict complain boast concede
    caution suggest believe lament threaten""".split()
)
# Their subject always speaks, whatever it is called ("the bakery wrote").
HARD = frozenset(
    "say tell insist write deny admit announce argue vow complain acknowledge concede reply".split()
)
_IRREGULAR = {
    "say": ("says", "said", "saying"),
    "tell": ("tells", "told", "telling"),
    "write": ("writes", "wrote", "writing"),
    "speak": ("speaks", "spoke", "speaking"),
    "think": ("thinks", "thought", "thinking"),
    "make": ("makes", "made", "making"),
    "lay": ("lays", "laid", "laying"),
    "find": ("finds", "found", "finding"),
    "show": ("shows", "showed", "showing"),
    "forecast": ("forecasts", "forecast", "forecasting"),
    "admit": ("admits", "admitted", "admitting"),
    "quip": ("quips", "quipped", "quipping"),
    "signal": ("signals", "signalled", "signalling"),
}


def _inflect(verb: str) -> tuple[str, str, str]:
    if verb in _IRREGULAR:
        return _IRREGULAR[verb]
    if verb.endswith("e"):
        return verb + "s", verb + "d", verb[:-1] + "ing"
    if verb.endswith("y") and verb[-2] not in "aeo":
        return verb[:-1] + "ies", verb[:-1] + "ied", verb + "ing"
    return verb + ("es" if verb.endswith(("s", "ch", "sh")) else "s"), verb + "ed", verb + "ing"


def _forms() -> dict[str, tuple[str, str]]:
    table = {"spoken": ("speak", "past"), "written": ("write", "past")}
    for verb in f"{_SAY} {_POSITION} {_SOFT} ask".split():
        forms = zip(("plain", "s", "past", "ing"), (verb, *_inflect(verb)), strict=True)
        for kind, form in reversed(list(forms)):
            table[form] = (verb, kind)
    return table


FORMS = _forms()  # "said" -> ("say", "past")
SAY = frozenset(_SAY.split()) | frozenset(_SOFT.split()) - {"maintain"}
SOFT = frozenset(_SOFT.split())

# What may stand between a subject and its verb.
BE = frozenset("is are was were be been being am 's".split())
HAVE = frozenset("has have had did does do having".split())
ADVERBS = frozenset(
    """also later once even still now then again always often earlier since already soon today
    yesterday tomorrow too just further long ever""".split()
)
NOT_ADVERBS = frozenset("family assembly supply ally reply anomaly monopoly".split())


def is_adverb(word: str) -> bool:
    """Whether a lower-case word is an adverb that may stand at a verb."""
    return word in ADVERBS or (len(word) > 4 and word.endswith("ly") and word not in NOT_ADVERBS)


# Before a verb these say that nothing was said (yet).
NEGATIVE = frozenset(
    """will would may might could should must can cannot not never neither nor hardly without if
    whether won't shall""".split()
)
GOING_ON = frozenset(
    "go goes went continue continues continued continuing on began begins used".split()
)

# Where a subject begins at the latest.
BOUNDARY = frozenset(
    """and but or while although though as because that when after before since until however so
    whereas if than what how why where which who whom whose nor yet once despite amid where
    saying""".split()
)
PREPOSITIONS = frozenset(
    """of in on at by for from with to into near under over after before during about between
    among amid within against through behind across outside inside since until toward towards
    despite following ahead like per via""".split()
)
DETERMINERS = frozenset(
    """the a an this that these those his her its their our my some many several most all both each
    another two three four five six seven other no""".split()
)
TIME = frozenset(
    """monday tuesday wednesday thursday friday saturday sunday january february march april may
    june july august september october november december today yesterday tomorrow earlier later
    last next week month year weekend night morning afternoon evening ago days weeks months years
    meanwhile however moreover furthermore indeed instead still then now thus therefore also
    similarly finally first second third interestingly more though yet so even meantime""".split()
)
# Capitalised at the head of a sentence, but no part of a name.
FUNCTION = (
    BOUNDARY | PREPOSITIONS | DETERMINERS | TIME | NEGATIVE | BE | HAVE
    | frozenset(
        """he she they it we i you there here one according speaking asked not only just such
        whether nearly almost recent recently prior part""".split()
    )
)  # fmt: skip
PARTICLES = frozenset(
    "de da del della di du van von der den bin ibn al el la le dos ter ten".split()
)

PERSON_PRONOUNS = frozenset({"he", "she", "his", "her"})
BODY_PRONOUNS = frozenset({"it", "they", "its", "their"})
PRONOUNS = PERSON_PRONOUNS | BODY_PRONOUNS
# Behind these nothing was said yet; behind those a saying only sets the scene.
UNREAL = frozenset({"if", "whether", "unless", "until"})
BACKGROUND = frozenset({"after", "before", "because", "when", "since", "once"})
# What stands around a subject and is no part of it.
LEADS = (TIME | BOUNDARY | {",", "\x02"}) - {"who", "what"}
TAILS = TIME | PREPOSITIONS | {",", "all", "both", "himself", "herself", "itself", "themselves"}
# "has said little about": nothing was said.
AFTER_LITTLE = frozenset({"concrete", "about", "on", "else", "more", "of", "new", "to", ",", "."})
MUTE = frozenset("this that these those there what which i we you nobody none nothing".split())

# Nouns that can speak and have no speaking ending; endings such as -er, -ist come by rule.
SPEAKERS = frozenset(
    """official president secretary chief head boss expert source team side party government
    ministry company firm club union agency court police department council committee commission
    board institute university office group organisation organization association federation
    administration delegation authority army military parliament congress senate bank fund
    campaign embassy newspaper paper magazine outlet channel site media press report study survey
    poll review audit inquiry article statement document letter dossier people person men women man
    woman mother father wife husband family son daughter friend neighbour neighbor colleague doctor
    nurse coach captain star guard witness critic ally aide rival judge king queen prince envoy
    diplomat spokesman politician activist lawmaker mp resident local fan student pupil victim
    scientist economist analyst veteran patient chair general colonel guide host guest dictator
    regulator charity hospital school church staff crew jury panel tribunal watchdog body
    opposition coalition country nation state city public majority some many others both
    trade data figure research model""".split()
)
_ENDINGS = (
    "er",
    "or",
    "ist",
    "ian",
    "man",
    "men",
    "person",
    "people",
    "ant",
    "woman",
    "eer",
    "ive",
)
_NO_SPEAKERS = frozenset(
    """number water power paper matter order winter summer weather river border other another
    further longer after over under never whether either neither factor sector error offer fewer
    later earlier greater higher lower newer older larger corner dinner chapter quarter plant
    restaurant instant constant relevant
    september october november december minor major prior per disaster transfer barrier career
    human democratic massive negative positive five executive significant important recent
    christian russian former senior junior better bigger center initiative alternative""".split()
)


def can_speak(noun: str) -> bool:
    """Whether a lower-case noun names somebody or something that makes statements."""
    for word in (noun, noun.removesuffix("s"), noun.removesuffix("es"), noun[:-3] + "y"):
        if word in SPEAKERS:
            return True
    singular = noun.removesuffix("s")
    return len(singular) > 4 and singular.endswith(_ENDINGS) and singular not in _NO_SPEAKERS


# Words before a name that are a title and not the name.
TITLES = frozenset(
    """president vice prime minister secretary state foreign defence defense interior finance chief
    chancellor king queen prince princess sir lord lady dame dr dr. mr mr. mrs mrs. ms ms. prof
    prof. professor senator sen. governor gov. mayor general gen. colonel captain judge justice
    envoy special deputy ambassador commissioner speaker representative director chairman
    chairwoman chair head spokesman spokeswoman analyst coach minister's council councillor pope
    bishop inspector sergeant detective superintendent officer ceo cfo treasurer attorney rep.
    premier commander former leader economist superintendent manager security executive
    dean rabbi imam reverend admiral major lieutenant doctor""".split()
)
_TITLE_ENDS = ("ologist", "keeper", "fielder", "woman", "maker")
# "X's statement said" is X speaking.
UTTERANCES = frozenset(
    """statement statements words comments comment remarks remark report letter message post
    announcement testimony speech poll survey study analysis review paper""".split()
)


QUOTED, LABEL = "\x02", "\x03"  # stand for the characters of a quotation, of a quoted word or two
_TOKEN = re.compile(
    r"""
    (?:[A-Z]\.){2,}                               # U.S.
  | (?:Mrs?|Ms|Dr|Prof|Sen|Gov|Gen|Rep|St)\.      # Dr.
  | [A-Z]\.(?=\s[A-Z])                            # John F. Kennedy
  | \x02+ | \x03+
  | \w+(?:[.'&/-]\w+)*
  | [^\w\s]
    """,
    re.VERBOSE,
)


class Token(NamedTuple):
    """A word or mark; ``low`` is its lower case, offsets count in the article."""

    text: str
    low: str
    start: int
    end: int
    first: bool  # in the sentence, where a capital says nothing


def tokens_of(text: str, start: int, end: int) -> list[Token]:
    """Cut one sentence of an article text into tokens."""
    tokens: list[Token] = []
    for match in _TOKEN.finditer(text, start, end):
        word = match[0]
        low = word[0] if word[0] in {QUOTED, LABEL} else word.lower()
        tokens.append(Token(word, low, *match.span(), not tokens))
    return tokens


def is_name(token: Token) -> bool:
    """Whether a token may be part of a name: a capital first, and no function word."""
    return token.text[0].isupper() and token.low not in FUNCTION


def _bare(token: Token) -> str:
    return token.text.removesuffix("'s")


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
        if len(person) == 1:
            self._alone.add(_bare(person[0]))
        if not 2 <= len(person) <= 4 or any(t.low in SPEAKERS for t in person):
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
        verb = after.low in FORMS or after.low in BE | HAVE | FUNCTION or after.low.endswith("ed")
        return not verb and _bare(toks[k]) not in self._inside and not is_adverb(after.low)

    def is_person(self, name: str) -> bool:
        """Whether a readable name looks like one person's."""
        last = name.rsplit(maxsplit=1)[-1]
        known = name in self._titles
        alone = name in self._alone and not name.isupper()
        role = name.lower().startswith(("the ", "a ", "an ")) and last not in _BODIES
        return known or alone or (role and can_speak(last) and not last.endswith("s"))

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
            if is_name(token) and (k == high or not token.text.endswith("'s")):
                k -= 1
                continue
            lead = next((n for n in range(k - 1, low, -1) if toks[n].low not in _INSIDE), low)
            inside = low < lead + 1 < k < high and is_name(toks[lead]) and k - lead <= 4
            people = token.low == "and" and _bare(toks[k]) in self._alone
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
        person = toks[_after_title(toks) :]
        full = self.full(_bare(person[-1]), person[-1].start)
        alone = len(person) == 1
        return full if alone and full != _bare(person[-1]) else self._slice(person, possessive)

    def _bearer(self, toks: Sequence[Token]) -> str | None:
        """Who "the Irish president" is, where the article gives one such title to one name."""
        wanted = {t.low.replace(".", "") for t in toks[1:]}
        if not any(word in TITLES or can_speak(word) for word in wanted):
            return None
        fits = set.intersection(*(self._bearers.get(word, set()) for word in wanted))
        return fits.pop() if len(fits) == 1 else None


_BODIES = SPEAKERS - TITLES - frozenset("coach captain boss star dictator minister".split())
_INSIDE = PARTICLES | {"of", "for", "and", "&", "the"}  # small words inside names


def _runs(toks: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """The runs of capitalised words, with particles such as "van" inside."""
    k = 0
    while k < len(toks):
        start = k
        while k < len(toks) and (is_name(toks[k]) or (k > start and toks[k].low in PARTICLES)):
            k += 1
            if toks[k - 1].text.endswith("'s"):
                break
        end = k
        while end > start and not is_name(toks[end - 1]):
            end -= 1
        if end > start:
            yield start, end
        k = max(k, start + 1)


def _after_title(run: Sequence[Token]) -> int:
    """How many words at the head of a name are title ("Foreign Minister", "US President")."""
    titles = [k for k, t in enumerate(run[:-1]) if t.low in TITLES or t.low.endswith(_TITLE_ENDS)]
    cut = titles[-1] + 1 if titles else 0
    small = any(t.low in {"of", "for", "and", "the", "&"} for t in run[cut:])
    if cut and (small or len(run) - cut > 4):  # "Minister of Trade of X Anna Brown"
        return max(len(run) - 2, cut)
    return cut


def _title_before(toks: list[Token], low: int) -> set[str]:
    words: set[str] = set()
    k = low - 1 if low > 1 and toks[low - 1].low == "," and can_speak(toks[low - 2].low) else low
    while k > 0 and low - k < 8 and toks[k - 1].text[0].isalpha():
        token = toks[k - 1]
        if token.low in FUNCTION - {"of", "for"} or (token.text in FORMS and not token.first):
            break
        words.add(token.low.removesuffix("'s"))
        k -= 1
    return words if any(can_speak(word) or word in TITLES for word in words) else set()


def _title_after(toks: list[Token], high: int) -> set[str]:
    words: list[str] = []
    if high < len(toks) and toks[high].low == ",":
        for token in toks[high + 1 : high + 10]:
            if token.low in {",", ".", QUOTED} or token.low in BOUNDARY:
                break
            words.append(token.low)
    return set(words) if any(can_speak(x) or x in TITLES for x in words[:6]) else set()
