"""What the support check knows of English: negation, opposites, likeness, modality, quantity.

General English only: no person, party, paper or country of any corpus stands here, but for names of
peoples that are not made of their country's name by an ending.
"""

# --- negation ---------------------------------------------------------------------------------

# Turn round the whole clause they stand in.
CLAUSE_NEGATORS = frozenset(
    """not no never none nobody nothing nowhere neither nor hardly scarcely barely rarely seldom
    unable unlikely impossible""".split()
)
# "no doubt", "not only": nothing is negated.
EMPTY_NEGATION = frozenset("only just merely doubt sooner matter least wonder".split())
# What a negation passes over to the word it bears upon.
WEAK_ADVERBS = frozenset("yet still already even really immediately any real ever".split())
# Turn round what follows them; in the passive ("was rejected") what stands before. Base forms.
NEGATING = frozenset(
    """reject refuse deny decline refute rebuff spurn rejection refusal denial refrain avoid
    exclude oppose lack fail absence failure unwilling unwillingness inability without snub
    renounce abstain omit forgo reluctant reluctance counter rebut debunk disprove contradict
    disavow repudiate dismiss dispute doubt""".split()
)
# The same in several words: base of the first, then what must follow.
NEGATING_PHRASES = {
    "rule": ("out",), "turn": ("down",), "call": ("off",), "hold": ("back",), "short": ("of",),
    "free": ("of", "from"), "instead": ("of",), "far": ("from",), "keep": ("from",),
    "back": ("away",), "shy": ("away",), "no": ("longer",), "walk": ("away",), "vote": ("against",),
    "argue": ("against",), "come": ("out against",),
}  # fmt: skip

# --- opposites --------------------------------------------------------------------------------

OPPOSITES = """
more/less more/fewer most/least most/fewest many/few much/little first/last high/low up/down
above/below over/under inside/outside within/outside early/late old/new old/young best/worst
good/bad good/poor better/worse large/small big/small big/little long/short long/brief
lengthy/brief near/far close/far closer/further nearer/farther strong/weak hard/easy
difficult/easy hard/soft heavy/light fast/slow quick/slow rich/poor hot/cold warm/cool
deep/shallow wide/narrow thick/thin tall/short full/empty full/partial whole/part
entire/partial complete/partial complete/incomplete open/closed public/private north/south
east/west northern/southern eastern/western northeast/southwest northwest/southeast left/right
front/back top/bottom upper/lower inner/outer internal/external domestic/foreign
local/national urban/rural male/female man/woman boy/girl father/mother son/daughter
brother/sister husband/wife husband/widow king/queen day/night morning/evening summer/winter
past/future current/former present/former current/previous previous/next previous/later
earlier/later next/last this/next this/last ancient/modern temporary/permanent
permanent/interim major/minor senior/junior majority/minority maximum/minimum
primary/secondary positive/negative true/false right/wrong guilty/innocent legal/illegal
alive/dead living/dead safe/dangerous clear/unclear certain/uncertain sure/unsure
known/unknown possible/impossible likely/unlikely able/unable willing/unwilling
willing/reluctant ready/reluctant cautious/reckless optimistic/pessimistic optimism/pessimism
hope/despair hopeful/hopeless friendly/hostile belligerent/conciliatory aggressive/peaceful
tough/lenient strict/lenient harsh/mild firm/flexible severe/mild peace/war success/failure
succeed/fail successful/failed victory/defeat win/lose won/lost winner/loser gain/loss
profit/loss rise/fall rise/drop increase/decrease increase/reduce increase/fall grow/shrink
growth/decline climb/fall jump/fall soar/plunge gain/fall up/lower raise/lower raise/cut
rise/slow accelerate/slow expand/shrink expand/contract accelerate/slow strengthen/weaken
improve/worsen improve/deteriorate improvement/decline advance/retreat surplus/deficit
supply/demand import/export buy/sell lend/borrow give/take send/receive arrive/leave
arrive/depart enter/exit enter/leave begin/end start/end start/finish start/stop begin/stop
begin/finish beginning/end open/close launch/end continue/stop continue/end resume/halt
keep/lose keep/abandon remain/leave join/leave accept/reject accept/refuse accept/decline
agree/disagree agree/refuse approve/reject approve/veto support/oppose support/reject
support/criticise support/criticize supporter/opponent supporter/critic back/oppose
favour/oppose favor/oppose for/against praise/criticise praise/criticize praise/condemn
welcome/condemn welcome/reject confirm/deny admit/deny acknowledge/deny allow/forbid allow/ban
allow/block allow/prevent permit/prohibit permit/forbid legalise/ban legalize/ban
encourage/discourage include/exclude appear/disappear remember/forget love/hate like/dislike
attack/defend attacker/defender offence/defence offensive/defensive ally/enemy friend/enemy
friend/foe build/destroy create/destroy found/abolish hire/fire appoint/dismiss arrest/release
convict/acquit convicted/acquitted conviction/acquittal guilty/acquitted freedom/captivity
prolong/shorten lengthen/shorten shorten/extend tighten/loosen tighten/ease lift/impose
ease/tighten impose/lift reveal/hide reveal/conceal show/hide find/lose precede/follow
precede/succeed before/after prior/after ahead/behind ahead/after until/after
separate/together united/divided alone/together single/multiple always/never always/sometimes
always/rarely often/rarely often/seldom usually/rarely frequently/rarely all/none all/some
everyone/nobody everything/nothing somebody/nobody both/neither both/one fully/partly
fully/partially wholly/partly mostly/partly repeatedly/once mandatory/optional
compulsory/voluntary voluntary/forced natural/artificial real/fake real/virtual public/secret
open/secret direct/indirect formal/informal conditional/unconditional military/civilian
conventional/nuclear professional/amateur parent/child teacher/student employer/employee
buyer/seller lender/borrower landlord/tenant doctor/patient predecessor/successor
ancestor/descendant upgrade/downgrade promote/demote wealth/poverty employment/unemployment
innocence/guilt presence/absence present/absent acceptance/rejection acceptance/refusal
approval/rejection approval/disapproval agreement/disagreement willingness/refusal
willingness/reluctance unity/division stability/instability strength/weakness
advantage/disadvantage hero/villain birth/death born/died survive/die survivor/victim""".split()

# A prefix that turns a word round, and pairs of prefixes that exclude each other.
TURNING_PREFIXES = ("un", "in", "im", "il", "ir", "dis", "non", "de", "mis")
PREFIX_PAIRS = [
    ("pre", "post"), ("bi", "tri"), ("uni", "bi"), ("uni", "multi"), ("uni", "tri"),
    ("bi", "multi"),
    ("tri", "multi"), ("pro", "anti"), ("over", "under"), ("maxi", "mini"), ("inter", "intra"),
    ("in", "ex"), ("im", "ex"), ("up", "down"), ("out", "in"), ("macro", "micro"), ("mono", "poly"),
]  # fmt: skip

# Words of which a text means one when it means another.
CONTRASTS = [
    set(group.split())
    for group in (
        "daily weekly fortnightly monthly quarterly annual yearly biennial",
        "second minute hour day week weekend month year century",
        "spring summer autumn fall winter",
    )
]

# --- likeness ---------------------------------------------------------------------------------

ALIKE_WORDS = """
keep maintain retain preserve hold|reject refuse decline dismiss rebuff turn|accept approve
agree |ceasefire truce armistice|agreement deal accord pact treaty settlement|talk negotiation
discussion dialogue conversation|meeting summit gathering|call phone telephone|withdraw leave
withdrawal pull retreat|war conflict fighting|begin start open launch commence|end finish
conclude conclusion close stop|big large great huge|small little|troop soldier force army
military|propose suggest offer proposal suggestion|want demand seek insist|help aid assist
assistance support|back support endorse favour favor|annual yearly|territory land territorial
region area|kill die dead death |say tell state|show demonstrate|buy purchase acquire|job post
position role|replace succeed take |resign quit resignation step|rise increase grow climb jump
gain|fall drop decline decrease sink |cut reduce lower slash|buy acquire|get receive
obtain|choose pick select|choose elect|make create build form|happen occur|current present
now|former ex previous|previous past earlier|trust confidence |possible potential|near
close|meet encounter|lead head chair|leader head chief boss|firm company business|worker
employee staff|child kid|teacher tutor|student pupil|house home|car vehicle |road
street|doctor physician|ill sick|fast quick rapid|important key significant crucial central
|main chief primary principal|hard difficult tough|problem issue matter question|result
outcome |cause reason|goal aim target|allow permit let|stop halt|try attempt|need require|use
employ|ask request|answer reply respond|announce declare|promise pledge vow|warn
caution|reveal disclose |condemn denounce|describe call|criticise criticize|fight
battle|attack strike|assault attack |destroy ruin|hurt injure wound|arrest detain|release
free|flee escape|visit trip|journey trip |arrive reach|carry transport|send dispatch|big
major|document paper|vote ballot|poll survey |guarantee assurance|security safety|percent
proportion|several some|also too|unclear uncertain unknown|unresolved open|remain stay
still|prior before ahead|likely probable|almost nearly|about roughly approximately around"""
ALIKE = [" ".join(group.split()) for group in ALIKE_WORDS.split("|")]

# --- modality ---------------------------------------------------------------------------------

# What they govern has not happened, or only somebody says so. Base forms.
UNREAL = frozenset(
    """would could may might should shall will must likely unlikely possible possibly perhaps
    maybe probable probably potential potentially certain expect expected plan want wish
    demand propose proposed proposal suggest offer willing willingness threaten threat promise
    pledge vow consider hope try attempt aim seek intend intention urge call ready prepared if
    unless whether ask request allege allegedly reportedly supposedly suppose claim believe
    need require want condition idea decision scenario possibility risk chance prospect
    envisage future let order accuse accusation suspect suspicion next upcoming forthcoming
    scheduled due""".split()
)
WEAK = frozenset("could may might possible possibly perhaps maybe potential chance".split())
SURE = frozenset("certain certainly definitely surely will undoubtedly inevitably always".split())
# An open question: what stands behind is not told.
OPEN = frozenset("unclear unknown whether uncertain undecided".split())
# Say whose word it is, which is as good as "believes".
TOLD = frozenset(
    "according say says said believe believes think thinks reportedly allegedly".split()
)

# --- quantity ---------------------------------------------------------------------------------

# What a statement may claim, and one of the words that its source then needs.
NEEDS_ONE_OF = {
    "all": "all every each both entire whole any always everyone everything total full".split(),
    "every": "every each all any always everyone everything".split(),
    "always": "always ever all every constantly invariably never".split(),
    "only": """only just sole solely alone merely exclusively single nothing limited purely
        unique uniquely no""".split(),
    "entire": "entire all whole full total complete".split(),
    "everyone": "everyone everybody all every".split(),
    "never": """never not no none nor neither ever without reject refuse deny fail nobody nothing
    lack""".split(),
    "none": "none no not neither nobody nothing never without".split(),
    "neither": "neither nor not no none both two".split(),
    "same": "same identical equal equally alike unchanged likewise too also".split(),
    "identical": "identical same equal alike".split(),
    "similar": "similar similarly same like alike identical".split(),
    "different": """different differ differs differed differing other another unlike not various
        separate distinct""".split(),
    "because": """because since as due owing so after over for from thanks reason amid following
        therefore given cause caused why""".split(),
    "unanimous": "unanimous unanimously all".split(),
}
# One of them stands where two things are compared.
COMPARING = frozenset(
    """than compared comparison versus against exceed exceeds exceeded exceeding outnumber
    outnumbers outnumbered above below beyond unlike whereas surpass surpassed topped beat
    overtook overtaken""".split()
)
PARTLY = frozenset("nearly almost virtually practically mostly largely about not".split())

# --- names ------------------------------------------------------------------------------------

DEMONYM_ENDINGS = frozenset("n an ian ese i ish ic er ers s ns ans ians ais ene".split())
# Beyond what countries.tsv has in its first two columns.
DEMONYMS = (
    "France Frenchman", "Netherlands Holland Dutchman", "Britain British UK Briton",
    "Spain Spaniard",
    "Denmark Dane", "Scotland Scottish Scot", "England English", "Wales Welsh", "Poland Pole",
    "Sweden Swede", "Finland Finn", "Turkey Turk Turkiye Turkish", "US USA American America",
    "Europe European EU", "Argentina Argentinian Argentine", "Kosovo Kosovar",
)  # fmt: skip

# "No sign of": what follows is denied.
SIGNS = frozenset("sign signs evidence proof indication indications trace hint".split())

# Before a name they add nothing to it.
HONORIFICS = frozenset("mr mrs ms miss dr prof sir".split())

# Open a sentence with a capital and are no names.
OPENERS = frozenset(
    """another even still yet indeed instead meanwhile however therefore thus moreover
    furthermore additionally according among amid despite during following including like
    unlike since without within via per other others such each every either neither both
    several many most some few much more less least all any no none today yesterday tomorrow
    currently now then there here recently later earlier finally also only perhaps maybe yes
    source people person everyone nobody everything nothing something somebody anybody
    although though while whereas when where who what why how whether unless until because
    before after once if so but and or nor that this these those further furthermore likewise
    hence again soon often never ever always sometimes usually rarely together alone apart
    aside beyond across around along against between behind beside upon toward towards onto
    off away back almost nearly about roughly just not well much quite rather too very data
    figure number part member group team work study report law money time year""".split()
)

# --- forms ------------------------------------------------------------------------------------

_IRREGULAR = """
be is are was were been being am|have has had having|do does did done doing|go goes went gone
|say said|tell told|make made|take took taken|give gave given|come came|see saw seen|get got
gotten |know knew known|think thought|find found|leave left|keep kept|hold held|bring
brought|buy bought |begin began begun|show shown|hear heard|write wrote written|sit sat|stand
stood|lose lost|pay paid |meet met|run ran|set|learn learnt|lead led|understand
understood|speak spoke spoken|spend spent |grow grew grown|win won|teach taught|send
sent|build built|fall fell fallen|cut|sell sold|break broke broken|choose chose chosen|rise
rose risen|drive drove driven|draw drew drawn|fight fought|throw threw thrown|catch caught|eat
ate eaten|fly flew flown|forget forgot forgotten|forbid forbade forbidden |freeze froze
frozen|hide hid hidden|lay laid|lie lain|seek sought|shake shook shaken|shoot shot|sing sang
sung|sink sank sunk|sleep slept|steal stole stolen|strike struck|swear swore sworn|tear tore
torn |wear wore worn|withdraw withdrew withdrawn|overtake overtook overtaken|undertake
undertook undertaken |feel felt|feed fed|deal dealt|bear bore borne born|bind bound|bleed
bled|shrink shrank shrunk|flee fled|spread|split|strive strove striven|sweep swept|swim swam
swum|wake woke woken|weave wove woven|become became|foresee foresaw foreseen|mean meant|die
died dying|tie tied""".replace("\n", " ").split("|")
_IRREGULAR_NOUNS = """
man men|woman women|child children|person people|foot feet|tooth teeth|wife wives |life
lives|half halves""".replace("\n", " ").split("|")
IRREGULAR = {
    form: forms.split()[0]
    for forms in [*_IRREGULAR, *_IRREGULAR_NOUNS]
    for form in forms.split()[1:]
    if form not in {"born", "found"}
}
PAST = frozenset(
    form for forms in _IRREGULAR for form in forms.split()[1:] if not form.endswith("ing")
)
# Verbs whose past looks like their present.
SAME_PAST = frozenset("cut put set hit let shut cost quit spread split hurt cast bet".split())
# How old somebody or something is, is told by one of these.
OF_AGE = frozenset(
    "old older age aged ages birthday born turned turns founded opened built established".split()
)
BE = frozenset("is are was were be been being am get got gets".split())
AUXILIARY = BE | frozenset(
    "has have had do does did will would can could may might must should shall".split()
)
PREPOSITIONS = frozenset(
    """of in on at to by with about against under during for from over after before into outside
    within near across without""".split()
)
PRONOUNS = frozenset("it he she they we i you who which".split())
