"""What a question wants measured, and the words by which a sentence says so much of it.

"How far is Harlow?" wants miles or metres, "What is her salary?" a sum of money: another number in
a sentence does not answer it. General English; currencies by their names, not by country.
"""

import re

from rag.words import STOPWORDS, same_name, stem, words

_LENGTHS = r"(?:kilo|centi|milli)?met(?:re|er)s?|km|cm|mm|miles?|yards?|feet|foot|inch(?:es)?"
_SPANS = r"seconds?|minutes?|hours?|days?|weeks?|months?|years?|decades?|centur(?:y|ies)|overnight"
_YEARS = r"(?:1[0-9]|20)\d\ds?"
_AGES = rf"old|aged?|born|built|founded|opened|since|years?|months?|{_YEARS}|\d{{2}}(?=[,.;)])"
_SUMS = (
    r"dollars?|euros?|pounds?|yen|yuan|rou?bles?|hryvnias?|crowns?|kron[aeo]r?s?|francs?|pesos?"
    r"|rupees?|rands?|liras?|zlotys?|shekels?|won|dinars?|dirhams?|riyals?|reais|forints?|bahts?"
    r"|nairas?|shillings?|(?<!per\s)cents?|pence|penny|usd|eur|gbp|millions?|billions?|trillions?|free"
)
_FAR = (
    r"^how far (?:is|are|was|were|away)\b"
    r"|^how far (?:can|could|does|did)\b.* (?:go|fly|run|travel|drive|reach|sail)$"
)
_OLD = r"^how old\b|^(?:at )?(?:what|which) age\b"
_DEAR = (
    r"^how much\b.* (?:costs?|pays?|paid|owe[sd]?|spend|spent|earns?|worth|fined)\b"
    r"|^(?:what|which)(?: is| was| are| were)(?: \w+){0,5} (?:price|salary|wages?|fee|ransom)\b"
)
_WANTED = tuple(
    (re.compile(asked), re.compile(told, re.IGNORECASE))
    for asked, told in (
        (_FAR, rf"\b(?:{_LENGTHS})\b"),
        (_OLD, rf"\b(?:{_AGES})\b"),
        (r"^how long\b", rf"\b(?:{_LENGTHS}|{_SPANS}|{_YEARS})\b"),
        (_DEAR, rf"[$€£¥₴₽]|\d[mb]n?\b|\b(?:{_SUMS})\b"),
    )
)
_ANYTHING = re.compile("")
_SHORT = re.compile(r"^(what|who|when|where|how) s\b")
# "Tomas Reyk, 34," "Reyk, a 34-year-old docker" "the 34-year-old docker Tomas Reyk"
_NAME = r"[A-Z][\w’'-]+"
_OWN_AGE = re.compile(
    rf"{_NAME},\s(?:an?\s)?(?:now\s|aged\s)?\d\d?(?:[,.;)]|-year-old)"
    rf"|\d\d?-year-old(?:\s[a-z]\w*){{0,3}}\s{_NAME}"
)
_OF_AGE = frozenset("old age aged year years exactly now".split())


def spelt_out(question: str) -> str:
    """Give a question's folded words, with "what's" as "what is"."""
    return _SHORT.sub(r"\1 is", " ".join(words(question)))


def unit_asked(question: str) -> re.Pattern[str]:
    """Give what a sentence must have to say how far, how old, how long or how dear; or anything."""
    asked = spelt_out(question)
    return next((told for wants, told in _WANTED if wants.search(asked)), _ANYTHING)


def tells_anothers_age(question: str, sentence: str) -> bool:
    """Whether an age is asked for and a sentence has that of a person the question does not mean.

    It is another's where it stands beside a name, and none of the question's words is there.
    """
    if not re.search(_OLD, spelt_out(question)) or not _OWN_AGE.search(sentence):
        return False
    asked = [w for w in words(question) if w not in STOPWORDS and w not in _OF_AGE]
    there = words(sentence)
    return not any(stem(a) == stem(b) or same_name(a, b) for a in asked for b in there)
