"""Verbs by which English news reports a saying, and their forms."""

# Verbs that carry a statement; whoever they have for a subject speaks.
_SAY = """say tell add note stress emphasise emphasize admit acknowledge confirm warn announce
declare claim insist argue assert allege reiterate repeat explain caution concede report write
remark comment recall reply respond answer predict estimate contend complain summarise summarize
deny disclose vow pledge joke quip tweet recount believe think quote lament boast assure testify
highlight underline underscore express voice state speculate forecast affirm stipulate reckon fume
beam moan rage sigh exclaim muse retort opine gush shout plead concur elaborate clarify assess
maintain surmise posit tout signal volunteer interject chuckle laugh shrug thunder lecture read"""
# Verbs that take a side or make an offer: heard only where no verb of the first kind is.
_POSITION = """reject demand propose offer counter threaten urge promise condemn denounce criticise
criticize accuse blame praise hail mock dismiss describe brand label call rule lay spell allow
speak maintain point make deem welcome appeal advise recommend question doubt blast slam put deplore
decry thank agree disagree dispute lambast castigate laud applaud rubbish disavow"""
# Verbs that things do too ("progress suggests"): only a subject able to speak counts.
_SOFT = """suggest indicate signal reveal conclude find show hint imply observe hope expect fear
maintain determine calculate discover"""

# A verb that speaks only together with one of these words soon after it; '"' is a quotation.
NEEDS = {
    "put": frozenset({"at"}),
    "signal": frozenset({"that", "it", "he", "she", "they"}),
    "laugh": frozenset({'"'}),
    "beam": frozenset({'"'}),
    "shout": frozenset({'"', "that"}),
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
    "answer": frozenset({"that", '"'}),
    "appeal": frozenset({"for", "to"}),
    "reveal": frozenset({"that", '"', "plans", "details", "the", "."}),
    "agree": frozenset({"that", "."}),
    "disagree": frozenset({"that", "with", "."}),
    "discover": frozenset({"that"}),
    "determine": frozenset({"that"}),
    "state": frozenset({"that", '"'}),
    "comment": frozenset({"that", '"', "on"}),
    # "added half a crown to its offer", "pupils reported symptoms": nothing is said
    "add": frozenset('that " he she it they there the his her its their'.split()),
    "recount": frozenset('that " how'.split()),  # of votes
    "report": frozenset('that " a an the no on in how its his her their'.split()),
}
ENDS = {"add": frozenset(",.:"), "report": frozenset(",.:")}  # which may follow them at once
# What keeps one that stands right before it from speaking: "the letters promised for March".
SILENT_BEFORE = {"read": frozenset({"out", "aloud", "by"}), "promise": frozenset({"for"})}
REACH = dict.fromkeys(("describe", "brand", "label", "call", "find", "quote", "show", "put"), 6) | {
    "speak": 1
}
# As plain or -s forms these are nouns as often as verbs.
HOMOGRAPHS = frozenset(
    """beam moan rage sigh shout laugh slam blast applaud volunteer lecture shrug thunder
    report claim comment demand offer call estimate promise state answer reply note pledge appeal
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
    reply joke quip recall conclude remark observe vow promise predict complain boast concede
    caution suggest believe lament threaten fume beam moan rage sigh exclaim muse retort gush shout
plead concur laugh chuckle reckon reveal confirm note stress maintain""".split()
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
    "agree": ("agrees", "agreed", "agreeing"),
    "disagree": ("disagrees", "disagreed", "disagreeing"),
    "read": ("reads", "read", "reading"),
    "put": ("puts", "put", "putting"),
    "slam": ("slams", "slammed", "slamming"),
    "plead": ("pleads", "pleaded", "pleading"),
    "concur": ("concurs", "concurred", "concurring"),
    "shrug": ("shrugs", "shrugged", "shrugging"),
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
NAMING = frozenset("call describe brand label deem".split())  # "what X called …"
