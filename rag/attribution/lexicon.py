"""Small words, titles and nouns that can speak, as reports of sayings use them.

General English only: no person, party, paper or country of any corpus stands here.
"""

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
MODALS = frozenset("will would may might could should must can cannot shall".split())
NEGATIVE = MODALS | frozenset(
    """not never neither nor hardly without if
    whether won't""".split()
)
GOING_ON = frozenset(
    "go goes went continue continues continued continuing on began begins used".split()
)

# Where a subject begins at the latest.
BOUNDARY = frozenset(
    """and but or while although though as because that when after before since until however so
    whereas if whether than what how why where which who whom whose nor yet once despite amid where
    saying""".split()
)
PREPOSITIONS = frozenset(
    """of in on at by for from with to into near under over after before during about between
    among amid within against through behind across outside inside since until toward towards
    despite following ahead like per via""".split()
)
DETERMINERS = frozenset(
    """the a an this that these those his her its their our my some many several most all both
    each another two three four five six seven other no""".split()
)
TIME = frozenset(
    """monday tuesday wednesday thursday friday saturday sunday january february march april may
    june july august september october november december today yesterday tomorrow earlier
    later last next week month year weekend night morning afternoon evening ago days weeks
    months years meanwhile however moreover furthermore indeed instead still then now thus
    therefore also similarly finally first second third afterward afterwards thereafter
    subsequently elsewhere interestingly more though yet so even meantime""".split()
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
SUBJECT_PRONOUNS = frozenset({"he", "she", "it", "they"})
# Behind these nothing was said yet; behind those a saying only sets the scene.
UNREAL = frozenset({"if", "whether", "unless", "until"})
PARTICIPLES = frozenset({"being", "having"})
RELATIVE = frozenset({"which", "whom", "whose"})
BACKGROUND = frozenset({"after", "before", "because", "when", "since", "once", "than"})
# What stands around a subject and is no part of it.
LEADS = (TIME | BOUNDARY | {",", "\x02", "late", "early"}) - {"who", "what"}
TAILS = TIME | PREPOSITIONS | {",", "all", "both", "himself", "herself", "itself", "themselves"}
# "has said little about": nothing was said.
AFTER_LITTLE = frozenset({"concrete", "about", "on", "else", "more", "of", "new", "to", ",", "."})
MUTE = frozenset(
    """this that these those there what which i we you nobody none nothing anyone anybody someone
    somebody everyone everybody""".split()
)

# Nouns that can speak and have no speaking ending; endings such as -er, -ist come by rule.
SPEAKERS = frozenset(
    """official president secretary chief head boss expert source team side party government
    ministry company firm club union agency court police department council committee
    commission board institute university office group organisation organization association
    federation administration delegation authority army military parliament congress senate
    bank fund campaign embassy newspaper paper magazine outlet channel site media press report
    study survey poll review audit inquiry article statement document letter dossier people
    person men women man woman mother father wife husband family son daughter friend neighbour
    neighbor colleague doctor nurse coach captain star guard witness critic ally aide rival
    judge king queen prince envoy diplomat spokesman politician activist lawmaker mp resident
    local fan student pupil victim scientist economist analyst veteran patient chair general
    colonel guide host guest dictator regulator charity hospital school church staff crew jury
    panel tribunal watchdog body opposition coalition country nation state city public
    majority some many others both trade data figure research model memo indictment lawsuit
    filing complaint draft transcript email diary memoir guideline prospectus blog video
    verdict ruling judgment charter communique bulletin editorial leaflet notice record
    business airline household brewery chain start-up dad mum mom granny boffin insider pundit
    guru deputy""".split()
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
    """number water power paper matter order letter winter summer weather river border other another
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
    """president vice prime minister secretary state foreign defence defense interior finance
    chief chancellor king queen prince princess sir lord lady dame dr dr. mr mr. mrs mrs. ms
    ms. prof prof. professor senator sen. governor gov. mayor general gen. colonel captain
    judge justice envoy special deputy ambassador commissioner speaker representative director
    chairman chairwoman chair head spokesman spokeswoman analyst coach minister's council
    councillor cllr pope bishop inspector sergeant detective superintendent officer ceo cfo
    treasurer attorney rep. premier commander former leader economist superintendent manager
    security executive dean rabbi imam reverend admiral major lieutenant doctor""".split()
)
WOMEN = frozenset("queen princess lady dame mrs ms baroness duchess mother wife daughter".split())
MEN = frozenset("king prince sir lord mr baron duke father husband son".split())
TITLE_ENDS = ("ologist", "keeper", "fielder", "woman", "maker")
# "X's statement said" is X speaking.
UTTERANCES = frozenset(
    """statement statements words comments comment remarks remark report letter message post
    announcement testimony speech poll survey study analysis review paper""".split()
)
