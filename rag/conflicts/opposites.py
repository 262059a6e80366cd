"""Words of general English that say where a matter stands, in pairs of opposites.

Each axis is one question of fact about a matter, with two sets of words that answer it differently.
Verbs are matched in all their forms; ``_`` joins the words of a phrase, whose first word bends.
No name, place or matter of any corpus stands here.
"""

from collections.abc import Iterator
from typing import NamedTuple

_IRREGULAR = {
    "begin": "begins began begun beginning",
    "hold": "holds held holding",
    "go": "goes went gone going",
    "take": "takes took taken taking",
    "rise": "rises rose risen rising",
    "grow": "grows grew grown growing",
    "fall": "falls fell fallen falling",
    "sink": "sinks sank sunk sinking",
    "shrink": "shrinks shrank shrunk shrinking",
    "win": "wins won winning",
    "lose": "loses lost losing",
    "break": "breaks broke broken breaking",
    "keep": "keeps kept keeping",
    "leave": "leaves left leaving",
    "withdraw": "withdraws withdrew withdrawn withdrawing",
    "overcome": "overcomes overcame overcoming",
    "strike": "strikes struck striking",
    "spread": "spreads spreading",
    "forbid": "forbids forbade forbidden forbidding",
    "hit": "hits hitting",
    "shut": "shuts shutting",
    "quit": "quits quitting",
    "die": "dies died dying",
    "spurn": "spurns spurned spurning",
    "drop": "drops dropped dropping",
    "stop": "stops stopped stopping",
    "snub": "snubs snubbed snubbing",
    "scrap": "scraps scrapped scrapping",
    "permit": "permits permitted permitting",
    "acquit": "acquits acquitted acquitting",
    "cancel": "cancels cancelled canceled cancelling canceling",
    "stay": "stays stayed staying",
    "ban": "bans banned banning",
    "plunge": "plunges plunged plunging",
    "step": "steps stepped stepping",
    "turn": "turns turned turning",
    "drag": "drags dragged dragging",
    "deny": "denies denied denying",
    "ratify": "ratifies ratified ratifying",
    "clarify": "clarifies clarified clarifying",
    "agree": "agrees agreed agreeing",
    "want": "wants wanted wanting",
    "seek": "seeks sought seeking",
    "try": "tries tried trying",
}


def forms(verb: str) -> list[str]:
    """Give a verb with all its forms."""
    if verb in _IRREGULAR:
        return [verb, *_IRREGULAR[verb].split()]
    if verb.endswith("e"):
        return [verb, verb + "s", verb + "d", verb[:-1] + "ing"]
    third = verb + ("es" if verb.endswith(("s", "ch", "sh", "x")) else "s")
    return [verb, third, verb + "ed", verb + "ing"]


def _inflected(verbs: str, others: str = "") -> frozenset[str]:
    """Give all forms of verbs (the first word of a phrase bends), and other words as they are."""
    bent = {
        "_".join((form, *rest))
        for verb in verbs.split()
        for head, *rest in [verb.split("_")]
        for form in forms(head)
    }
    return frozenset(bent | set(others.split()))


class Axis(NamedTuple):
    """One pair of opposites: its name, the two ends in words for a reader, and their signs.

    ``owned`` says that somebody takes the stance, so that two parties may well differ.
    """

    name: str
    label: str
    owned: bool
    plus_verbs: str
    plus_words: str
    minus_verbs: str
    minus_words: str


AXES = (
    Axis(
        "settled",
        "settled or still open",
        owned=False,
        plus_verbs="""settle resolve agree finalise finalize clinch seal conclude sign complete
        overcome solve iron_out strike reach""",
        plus_words="""breakthrough progress headway closer close common_ground within_reach
        on_track""",
        minus_verbs="""stall deadlock fail collapse break_down hit_a_wall founder falter drag_on""",
        minus_words="""unresolved unsettled impasse stalemate deadlock stuck failure elusive pending
        sticking_point stumbling_block hurdle obstacle undecided unfinished far_apart further_apart
        gridlock logjam setback breakdown at_odds open_question""",
    ),
    Axis(
        "accepted",
        "accepted or rejected",
        owned=True,
        plus_verbs="""accept agree approve back support endorse welcome embrace consent allow permit
        consider favour favor ratify adopt recognise recognize concede contemplate""",
        plus_words="""willing willingness ready readiness open_to prepared acceptance approval
        consent in_favour in_favor endorsement""",
        minus_verbs="""reject refuse oppose decline rule_out block veto resist dismiss rebuff spurn
        snub forbid prohibit balk disapprove turn_down vote_down""",
        minus_words="""rejection refusal unwilling unwillingness reluctant reluctance
        intransigence unyielding against opposed""",
    ),
    Axis(
        "happens",
        "going ahead or not",
        owned=False,
        plus_verbs="""confirm hold schedule go_ahead take_place proceed launch begin resume reopen
        continue""",
        plus_words="under_way underway",
        minus_verbs="""cancel postpone call_off suspend scrap abandon shelve halt drop end stop
        collapse""",
        minus_words="cancellation postponement suspension",
    ),
    Axis(
        "clear",
        "clear or unclear",
        owned=False,
        plus_verbs="confirm prove define clarify establish",
        plus_words="clear certain true proven evident defined confirmed",
        minus_verbs="deny disprove debunk",
        minus_words="""unclear uncertain disputed undefined unknown unconfirmed unproven doubtful
        vague untrue false ambiguous""",
    ),
    Axis(
        "peaceful",
        "peacefully or by force",
        owned=True,
        plus_verbs="",
        plus_words="peacefully peaceful diplomatically diplomacy diplomatic negotiated_settlement "
        "negotiations dialogue negotiated",
        minus_verbs="",
        minus_words="by_force forcibly militarily by_military_means military_means force_of_arms "
        "by_violence",
    ),
    Axis(
        "rises",
        "rising or falling",
        owned=False,
        plus_verbs="rise increase grow climb jump surge soar gain expand spread go_up",
        plus_words="higher upward",
        minus_verbs="fall drop decline decrease shrink plunge sink slump tumble dwindle go_down",
        minus_words="lower downward",
    ),
    Axis("over", "over or going on", owned=False, plus_verbs="end finish complete",
         plus_words="is_over are_over was_over were_over be_over",
         minus_verbs="continue persist rage drag_on",
         minus_words="ongoing under_way underway unfinished incomplete"),
    Axis("wins", "won or lost", owned=True, plus_verbs="win", plus_words="victory",
         minus_verbs="lose", minus_words="defeat"),
    Axis("lives", "alive or dead", owned=False, plus_verbs="survive", plus_words="alive unharmed",
         minus_verbs="die kill perish murder assassinate", minus_words="dead death"),
    Axis("guilty", "guilty or not", owned=False, plus_verbs="convict", plus_words="guilty",
         minus_verbs="acquit exonerate", minus_words="innocent acquittal"),
    Axis("open", "open or closed", owned=False, plus_verbs="open reopen",
         plus_words="open stay_open remain_open", minus_verbs="close shut",
         minus_words="closed shut closure"),
    Axis("safe", "safe or not", owned=False, plus_verbs="", plus_words="safe harmless",
         minus_verbs="", minus_words="unsafe dangerous hazardous harmful"),
    Axis("works", "success or failure", owned=False, plus_verbs="work succeed",
         plus_words="effective successful successfully success", minus_verbs="fail",
         minus_words="ineffective useless unsuccessful failure"),
    Axis("legal", "legal or illegal", owned=False, plus_verbs="legalise legalize",
         plus_words="legal lawful", minus_verbs="outlaw ban",
         minus_words="illegal unlawful"),
    Axis("lasts", "holding or broken", owned=False, plus_verbs="hold endure last",
         plus_words="intact in_place", minus_verbs="collapse break violate breach crumble",
         minus_words="violation breach"),
    Axis("stays", "staying or leaving", owned=True, plus_verbs="stay remain keep retain",
         plus_words="", minus_verbs="leave withdraw quit resign cede relinquish pull_out step_down",
         minus_words="withdrawal resignation departure"),
    Axis("before", "before or after", owned=False, plus_verbs="precede",
         plus_words="before ahead_of prior_to", minus_verbs="follow",
         minus_words="after following"),
)  # fmt: skip

# These settle a matter only in a clause with a word for what can be so reached.
NEEDS = dict.fromkeys(
    _inflected("reach conclude sign strike complete"),
    frozenset(
        """agreement agreements deal deals accord accords pact pacts treaty treaties compromise
        settlement truce ceasefire contract consensus plan understanding merger bill law
        decree""".split()
    ),
)
# Before a word these turn it round.
NEGATORS = frozenset(
    """no not never neither nor cannot n't without hardly barely scarcely unlikely few little unable
    lack lacks lacked lacking nobody nothing none nowhere""".split()
)
# So do these, which say it more politely ("refuses to accept") …
TURNING = _inflected(
    """refuse fail decline deny reject oppose refrain avoid prevent block rule_out call_off cancel
    abandon scrap postpone suspend""",
    """refusal failure reluctant reluctance unwilling unwillingness rejection against far_from
    short_of yet_to instead_of rather_than too_early no_longer dropped""",
)
# … and these, behind what does not come about ("the visit has been called off").
UNDOING = frozenset(
    """cancelled canceled abandoned scrapped dropped postponed suspended called_off ruled_out
    rejected refused denied blocked shelved""".split()
)
# What stands under these is wished, asked for or supposed, and no one says that it is so.
UNREAL = _inflected(
    "need urge want demand ask require insist try seek attempt hope request push pressure convince "
    "persuade",
    "call calls calling if unless until whether should must ought how proposed condition provided",
)
HEDGES = frozenset(
    """may might could perhaps possibly probably likely nearly almost largely reportedly
    allegedly apparently seems seem appears appear expected potential would""".split()
)


class Entry(NamedTuple):
    """A phrase of the lexicon: its words, the axis and the end of it they stand for."""

    phrase: tuple[str, ...]
    axis: str
    sign: int


def _entries() -> Iterator[Entry]:
    for axis in AXES:
        for sign, verbs, others in (
            (1, axis.plus_verbs, axis.plus_words),
            (-1, axis.minus_verbs, axis.minus_words),
        ):
            for phrase in sorted(_inflected(verbs, others)):
                yield Entry(tuple(phrase.split("_")), axis.name, sign)


def _by_first_word() -> dict[str, list[Entry]]:
    table: dict[str, list[Entry]] = {}
    for entry in _entries():
        table.setdefault(entry.phrase[0], []).append(entry)
    return table


CUES = _by_first_word()
BY_NAME = {axis.name: axis for axis in AXES}
