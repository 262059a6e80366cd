"""Words that stand for one another in news, and what a word counts as."""

from functools import cache

from rag.words import stem

# General English: nouns and verbs that reporters swap for one another.
_GROUPS = tuple(
    frozenset(row.split())
    for row in """
deal agreement accord pact treaty settlement
talks negotiations negotiation talk discussions deal agreement
war conflict fighting hostilities
guarantee guarantees assurance assurances pledge
ceasefire truce armistice
troops soldiers forces army military
vote election elections poll ballot
meeting summit meet talks
withdraw withdrawal withdrawing pull retreat leave
peacekeepers peacekeeping peacekeeper
kill killed dead deaths died victims
population people inhabitants residents
cost price toll budget
trilateral three-way tri-lateral
bilateral two-way bi-lateral
attack assault offensive invasion
visit trip
resign resignation quit
found founded establish established create created form formed launch launched
build built construct constructed erect erected
start started begin began begun
lead led headed leader head
direct directed director
write wrote written author writer
born birth
jobs job posts
law bill legislation
company firm
hostages captives prisoners
know knew known
hold held own owns owned control controls controlled
owe owes owed debt debts loan loans outstanding
employ employs employed work works worked workforce
meet met
send sent
give gave given
take took taken
win won
lose lost
leave left
go went gone
come came
see saw seen
buy bought
sell sold
pay paid
fight fought
break broke broken
speak spoke spoken
steal stole stolen
shoot shot
strike struck
run ran
rise rose risen
fall fell fallen
grow grew grown
choose chose chosen
tell told
withdraw withdrew withdrawn
drive drove driven
fly flew flown
keep kept
spend spent
make made
""".strip().splitlines()
)


@cache
def kin(word: str) -> frozenset[str]:
    """Give the stems of a folded word and of the words that stand for it."""
    groups = [group for group in _GROUPS if word in group]
    return frozenset({stem(word)}.union(*({stem(other) for other in g} for g in groups)))
