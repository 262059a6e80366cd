"""What may be asked, and how a question is cleaned before anything reads it."""

import unicodedata

from rag.errors import QuestionError
from rag.settings import Settings


def clean_question(question: str, settings: Settings) -> str:
    """Give the question on one line, without control characters.

    Raises QuestionError when nothing readable is left or when it is too long.
    """
    if not isinstance(question, str):
        raise QuestionError(f"a question must be text, not {type(question).__name__}")
    limit = settings.max_question_chars
    if len(question) > limit:
        raise QuestionError(
            f"the question has {len(question):,} characters and may have {limit:,}; ask it shorter"
        )
    cleaned = one_line(question)
    if not any(c.isalnum() for c in cleaned):
        raise QuestionError("the question is empty; write what you want to know")
    return cleaned


def one_line(text: str) -> str:
    """Give a text on one line, without control characters."""
    shown = "".join(" " if _is_space(c) else c for c in text if _is_text(c) or _is_space(c))
    return " ".join(unicodedata.normalize("NFC", shown).split())


def visible(text: str) -> str:
    """Give a text on one line, as its reader sees it: without format characters as well.

    Zero-width, tag and direction characters can hide words from people and not from a model.
    """
    return "".join(c for c in one_line(text) if unicodedata.category(c) != "Cf")


def _is_space(character: str) -> bool:
    return character.isspace()


def _is_text(character: str) -> bool:
    """Keep all but control characters, lone surrogates and unassigned code points.

    Format characters stay: joiners and direction marks are part of right-to-left text and emoji.
    """
    return unicodedata.category(character) not in ("Cc", "Cs", "Cn", "Co")
