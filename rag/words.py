"""Words as the word index sees them: folded, stemmed, with the spelling variants of names joined.

News spells the same name in many ways (Kyiv/Kiev, Zelensky/Zelenskiy/Zelenskyy, Ryabkov/Rybakov).
A list would only know yesterday's names, so variants are found by how transliteration works.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from functools import cache, lru_cache

import Stemmer
from anyascii import anyascii
from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

WORD = re.compile(r"[^\W_]+(?:[.,][0-9]+)*")  # 800,000 and 5.5 are one word each
STOPWORDS = frozenset(
    """a about above after again against all also am an and any are as at be because been before
    being below between both but by can could did do does doing down during each few for from
    further had has have having he her here hers him his how i if in into is it its itself just
    me more most my no nor not now of off on once only or other our out over own same she should
    so some such than that the their them then there these they this those through to too under
    until up us very was we were what when where which while who whom whose why will with would
    you your say says said tell told""".split()
)

SHORTEST_VARIED = 4  # letters of a name that may be spelt in another way
CLOSE = ({"o", "u"}, {"a", "e"}, {"e", "i"})
KEPT = 16_384  # words whose stem and sound are remembered: a question meets the same ones often
MOST_SLIPS = 2  # of the finger, in a long word
LONG_NAME = 7  # letters from which on two of them may differ, or the first

# How Latin spellings of one Cyrillic (or Arabic, Greek, …) letter differ between systems.
_SAME_SOUND = [
    (re.compile(pattern), letter)
    for pattern, letter in [
        (r"shch|sch|sh", "s"),
        (r"tch|ch|cz", "c"),
        (r"kh|gh", "h"),
        (r"zh", "z"),
        (r"ph", "f"),
        (r"ck|q", "k"),
        (r"x", "ks"),
        (r"ts|tz", "c"),
        (r"w", "v"),
        (r"ou", "u"),
        (r"[jy]", "i"),
        (r"i+([aeou])", r"\1"),
        (r"(.)\1+", r"\1"),
    ]
]


@cache
def _stemmer() -> Stemmer.Stemmer:
    return Stemmer.Stemmer("english")


def fold(word: str) -> str:
    """Lower-case a word and write it in plain Latin letters: Łódź is lodz, Київ is kiiv."""
    return anyascii(word).casefold()


def words(text: str) -> list[str]:
    """Split text into folded words, in order, with stop words left in."""
    return [fold(match.group()) for match in WORD.finditer(text.replace("’", "'"))]


@lru_cache(KEPT)
def stem(word: str) -> str:
    """Reduce a folded word to its stem; words with digits stay as they are."""
    if any(c.isdigit() for c in word):
        return word
    return str(_stemmer().stemWord(word))


def terms(text: str) -> list[str]:
    """Give the word index's terms of a text: folded, stemmed, without stop words."""
    return [stem(word) for word in words(text) if word not in STOPWORDS]


@lru_cache(KEPT)
def sound(word: str) -> str:
    """Spell a folded word by sound, so that transliterations of one name come out alike."""
    for pattern, letter in _SAME_SOUND:
        word = pattern.sub(letter, word)
    return word


@lru_cache(KEPT)
def skeleton(word: str) -> str:
    """Keep the consonants of a word's sound: kyiv and kiev both give "kv"."""
    heard = sound(word)
    return heard[:1] + re.sub(r"[aeiou]", "", heard[1:])


def same_name(one: str, other: str) -> bool:
    """Whether two folded words can be spellings of one name.

    Same consonants by sound and at most one changed, added, lost or swapped letter (two in long
    words, none in words of three): Kyiv/Kiev, Ryabkov/Rybakov and Mohammed/Muhammad are,
    Vladimir/Volodymyr, Kim/Kam and Niger/Nigeria are not.
    """
    if one == other:
        return True
    if min(len(one), len(other)) < SHORTEST_VARIED:
        return False
    return any(_sounds_alike(spelt, other) for spelt in respelt(one))


def respelt(word: str) -> set[str]:
    """Give a folded word with what its first letter may stand for in another transliteration.

    Arabic qaf is written q, g or k (Qaddafi, Gaddafi); German writes s for z (Selenskyj).
    """
    found = {word}
    if word[:1] in {"q", "g"} and len(word) >= LONG_NAME:
        found.add({"q": "g", "g": "q"}[word[0]] + word[1:])
    if re.match(r"[zs](?!h)", word) and len(word) >= LONG_NAME:
        found.add({"z": "s", "s": "z"}[word[0]] + word[1:])
    return found


def _sounds_alike(one: str, other: str) -> bool:
    a, b = sorted((sound(one), sound(other)), key=len)
    if skeleton(one) != skeleton(other) or _gendered(a, b) or _gendered(b, a):
        return False
    changes = min(OSA.distance(a, b), OSA.distance(one, other))  # as heard or as written
    return changes <= (1 if len(a) <= LONG_NAME + 1 else 2) or _close_vowels(a, b)


def _close_vowels(one: str, other: str) -> bool:
    """Whether long names differ in two vowels that lie close: Mohamed, Muhammad."""
    differ = [{a, b} for a, b in zip(one, other, strict=False) if a != b]
    close = all(pair in CLOSE for pair in differ)
    return len(one) == len(other) >= LONG_NAME and len(differ) <= 2 and close


def _gendered(one: str, other: str) -> bool:
    """Whether only one ends in "a": Niger and Nigeria, Alexander and Alexandra are two."""
    return one.endswith("a") and other[-1:] not in set("aeiou")


def is_typo(one: str, other: str) -> bool:
    """Whether one folded word is the other with one slip of the finger (words of 5 letters up)."""
    shortest = min(len(one), len(other))
    slips = OSA.distance(one, other, score_cutoff=MOST_SLIPS)
    return shortest >= 5 and slips <= (1 if shortest < 8 else MOST_SLIPS)


def by_letter(vocabulary: Iterable[str]) -> dict[str, frozenset[str]]:
    """Group words by their first letters."""
    found: dict[str, set[str]] = {}
    for word in vocabulary:
        found.setdefault(word[:1], set()).add(word)
    return {letter: frozenset(group) for letter, group in found.items()}


def variants(
    word: str, names: Mapping[str, Iterable[str]], vocabulary: Mapping[str, Collection[str]]
) -> set[str]:
    """Find the corpus's spellings of a question's word.

    ``names`` maps skeletons to the corpus's names (folded), ``vocabulary`` holds all its words by
    their first letters. A word the corpus does not have at all may also be a typo of one it has.
    """
    begun = vocabulary.get(word[:1], ())
    heard = {skeleton(spelt) for spelt in respelt(word)}
    found = {name for key in heard for name in names.get(key, ()) if same_name(word, name)}
    known = word in begun or stem(word) in {stem(w) for w in found}
    if not found and not known and not any(c.isdigit() for c in word):
        near = extract(word, begun, scorer=OSA.distance, score_cutoff=MOST_SLIPS, limit=None)
        found = {other for other, *_ in near if is_typo(word, other)}
    return found - {word}
