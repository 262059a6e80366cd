"""Tokens of an article's sentences, quotations blanked out."""

import re
from typing import NamedTuple

from rag.attribution.lexicon import FUNCTION

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


_ARTICLE = re.compile(r"(?i:al|el|ad|an|ar|as|ash|at|az)-[A-Z]")


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
    capital = token.text[0].isupper() or has_article(token.text)
    return capital and token.low not in FUNCTION


def has_article(name: str) -> bool:
    """Whether a name has an Arabic article before it: al-Sayed, at the head of a sentence Al-."""
    return _ARTICLE.match(name) is not None
