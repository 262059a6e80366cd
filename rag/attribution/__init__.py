"""Who says it: the speaker whose words or claim a sentence reports.

Rules over reporting verbs (``verbs``) and quotation marks, read in one pass over an article
(``reader``), sentence by sentence (``clause``, ``phrases``, ``names``). In short:

* a live reporting verb outside quotation marks has its subject for speaker ("X, the mayor, said",
  "said X", "was described by X as"); sayings that are negated, future or asked for have none;
* "according to X", "in X's words", "citing X" name X;
* a quotation with no words around it belongs to the name after a dash on the next line, else to
  whoever the same paragraph quotes;
* a surname, a title ("the Irish president") and he or she become the name the article gives.

At second hand the answer reads "<who said it>, according to <who reports it>".
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from rag.attribution.names import Names
from rag.attribution.reader import Reader
from rag.attribution.tokens import LABEL, QUOTED, tokens_of
from rag.corpus import Article, Sentence

_QUOTES = re.compile(
    r"""
    “[^”\n]*”? | «[^»\n]*»? | „[^“”\n]*[“”]? | "[^"\n]*"?
    | (?<!\w)‘ (?: [^’\n] | ’(?=\w) ){1,600} ’(?!\w)
    | (?<!\w)' (?=\w) (?: [^'\n] | '(?=\w) ){1,600} (?<=[\w.,!?…]) '(?!\w)
    """,
    re.VERBOSE,
)
_DASH_LINE = re.compile(r"\s*[—–―-]{1,2}\s*(?=\w)([^,;:(\n]{2,80})")
_CLOSING = ("”", "»", '"', "“", "’", "'")
_JOINING = frozenset("of the and for in at de von van".split())  # small words in names and titles
SIGNED = 12  # words of a name and title
_SAME_LENGTH = str.maketrans({"’": "'", "‘": "'", "\u2011": "-", "\u00a0": " "})


def speaker_of(article: Article, sentence: Sentence) -> str | None:
    """Say who speaks in a sentence, as the article names them; None for the reporter's own voice.

    Surnames, titles and pronouns are resolved inside the article. A saying at second hand reads
    "<who said it>, according to <who reports it>".
    """
    voices = _voices(article)
    return voices[sentence.number] if sentence.number < len(voices) else None


def mentioned(article: Article, sentence: Sentence) -> list[tuple[str, str]]:
    """Give whose sayings the reporter mentions in a sentence of the own voice, and those sayings.

    "Shares fell after the bank warned of losses" is nobody's word, but of the losses it tells what
    the bank said. A sentence that has a speaker gives none.
    """
    if speaker_of(article, sentence) is not None:
        return []
    names, plain = _read(article)
    found = Reader(names).in_passing(tokens_of(plain, sentence.start, sentence.end))
    return [(who, article.text[begin : sentence.end]) for who, begin in found]


def is_signature(article: Article, sentence: Sentence) -> bool:
    """Whether a sentence only names who said the quote before it: "— Ann Hale, Mayor of Leith"."""
    before = article.sentences[sentence.number - 1].text.rstrip() if sentence.number else ""
    line = _DASH_LINE.match(sentence.text)
    if not line or not before.endswith(_CLOSING):
        return False
    words, title = line[1].split(), sentence.text[line.end() :]
    return (
        title[:1] in ("", ",", "(")
        and all(not word[0].islower() or word in _JOINING for word in words)
        and len(words) + len(title.split()) <= SIGNED
    )


@lru_cache(maxsize=64)  # more than the articles that one answer looks at
def _voices(article: Article) -> list[str | None]:
    """The speakers of all sentences; read together, as each may need what stands before it."""
    text, sentences = article.text, article.sentences
    names, plain = _read(article)
    reader = Reader(names)
    found = [reader.read(tokens_of(plain, s.start, s.end), s.heading) for s in sentences]
    voices = _share_quotes(text, plain, sentences, found, names)
    return [who if who and any(map(str.isalpha, who)) else None for who in voices]  # no bare "&"


@lru_cache(maxsize=64)
def _read(article: Article) -> tuple[Names, str]:
    """The names of an article, and its text with the quotations blanked out."""
    text, sentences = article.text, article.sentences
    whole = text.translate(_SAME_LENGTH)
    names = Names(text, [tokens_of(whole, s.start, s.end) for s in sentences if not s.heading])
    return names, _mask(text)


def _mask(text: str) -> str:
    """Blank out quotations, so that no rule reads words inside them; lengths stay."""

    def blank(match: re.Match[str]) -> str:
        inside = match[0].strip("“”„«»\"'‘’ ")
        label = len(inside) <= 40 and inside[-1:] not in {",", ".", "!", "?", "…"}
        return (LABEL if label else QUOTED) * len(match[0])

    return _QUOTES.sub(blank, text).translate(_SAME_LENGTH)


def _share_quotes(
    text: str,
    plain: str,
    sentences: Sequence[Sentence],
    found: Sequence[str | None],
    names: Names,
) -> list[str | None]:
    """Give a sentence that is nothing but quotation the speaker its neighbours name."""
    voices = list(found)
    shown = [plain[s.start : s.end] for s in sentences]
    bare = [QUOTED in piece and not re.search(r"\w", piece) for piece in shown]
    for i in reversed(range(len(sentences) - 1)):  # the name comes behind the quotation …
        here, after = sentences[i], sentences[i + 1]
        if not bare[i]:
            continue
        line = _DASH_LINE.match(text, after.start, after.end)
        goes_on = bare[i + 1] or shown[i + 1][0] == QUOTED or shown[i + 1][0].islower()
        if line:
            voices[i] = names.full(line[1].strip(" ."), here.start)
        elif here.paragraph == after.paragraph and goes_on:
            voices[i] = voices[i + 1]
    for i in range(1, len(sentences)):  # … or it came before
        near = sentences[i].paragraph <= sentences[i - 1].paragraph + 1
        told = QUOTED in shown[i - 1] or shown[i - 1].endswith(":")
        if bare[i] and not voices[i] and near and told:
            voices[i] = voices[i - 1]
    return voices
