"""Follow-up questions are made standalone before anything is searched."""

import re
from collections.abc import Sequence

from langchain_core.language_models import BaseChatModel
from langchain_core.output_parsers import StrOutputParser

from rag.errors import RagError
from rag.offices import country_of
from rag.prompts import load_prompt
from rag.words import STOPWORDS, fold, same_name, stem, words

Turn = tuple[str, str]  # (question, answer)
POINTERS = frozenset(
    """he she it they him her them his its their hers theirs this that these those there then such
    one ones former latter same also too else instead""".split()
)
OPENERS = frozenset("and but or so".split())  # these point back only where they open a question
TURNS = 3
PERSON = re.compile(r"\b(?:he|she|him|her|his|hers)\b", re.IGNORECASE)
WHO = re.compile(  # but for "Who is Ana Ruiz?"
    r"\W*(?:(?:[Aa]nd|[Ss]o|[Bb]ut) )?[Ww](?:ho|hich)"
    r"(?!(?:['’]s| is| was)(?: [^\Wa-z][\w-]*)+\W*$)"
)
NAME = re.compile(
    r"(?<!\bin )(?<!\bat )(?<!\bof )(?<!\bto )(?<!\bnear )(?<!\bfrom )(?<![\w’'-])"
    r"(?:the )?[^\W\d_a-z][\w-]+(?: [^\W\d_a-z][\w-]+)*"
)


def leans_on_history(question: str) -> bool:
    """Whether a question seems to need the turns before it: it points back, or says too little."""
    spoken = words(question)
    content = [word for word in spoken if word not in STOPWORDS and word not in POINTERS]
    points_back = any(word in POINTERS for word in spoken) or OPENERS.intersection(spoken[:1])
    return len(content) < 2 or bool(points_back)


def standalone(question: str, history: Sequence[Turn], llm: BaseChatModel | None) -> str:
    """Rewrite a follow-up so that it stands alone; a question that does so already stays as it is.

    Where a "he" or "she" can only be one name of the questions before, the name takes its place.
    The language model's version is taken only when all its content words come from the
    conversation. Otherwise, and without a model, the question before is put in front.
    """
    if not history or not leans_on_history(question):
        return question
    if meant := with_the_name(question, [asked for asked, _ in history[-TURNS:]]):
        return meant
    plain = f"{history[-1][0]} {question}".strip()
    if llm is None:
        return plain
    rewritten = _rewrite(question, history[-TURNS:], llm)
    return rewritten if _only_known_words(rewritten, question, history) else plain


def with_the_name(question: str, before: Sequence[str]) -> str | None:
    """Put a name in the place of "he" or "she"; None where more than one could be meant, or none.

    The last question before that names anybody must name one person and not ask for another.
    """
    persons = [match.group() for match in PERSON.finditer(question)]
    last = next((asked for asked in reversed(before) if _names(asked)), "")
    named = [] if WHO.match(last) else _names(last)  # "he" may be whoever the answer named
    says = [word for word in words(question) if word not in STOPWORDS | POINTERS | OPENERS]
    if not persons or len(named) != 1 or not (says or {"say", "said"} & {*words(question)}):
        return None
    (name,) = named
    meant = PERSON.sub(lambda m: f"{name}'s" if _owns(m) else name, question)
    opener, _, rest = meant.partition(" ")
    return f"{rest[:1].upper()}{rest[1:]}" if opener.lower().strip(",") in OPENERS else meant


def _owns(pronoun: re.Match[str]) -> bool:
    """Whether a pronoun is a possessive: "his" and, before a noun, "her"."""
    behind = words(pronoun.string[pronoun.end() :])[:1]
    noun = bool(behind) and behind[0] not in STOPWORDS
    return pronoun.group().lower() in {"his", "hers"} or (pronoun.group().lower() == "her" and noun)


def _names(question: str) -> list[str]:
    """Names of people in a question: no places ("in Lima"), no bodies ("the Vezha"), no opener."""
    opener = len(question.split(maxsplit=1)[0]) if question.strip() else 0
    found = [m.group() for m in NAME.finditer(question, opener)]
    people = [name for name in dict.fromkeys(found) if not name.startswith("the ")]
    return [name for name in people if country_of(fold(name)) is None]


def _rewrite(question: str, history: Sequence[Turn], llm: BaseChatModel) -> str:
    conversation = "\n".join(f"Reader: {asked}\nAnswer: {told[:300]}" for asked, told in history)
    chain = load_prompt("standalone") | llm.bind(max_tokens=80) | StrOutputParser()
    try:
        reply = chain.invoke({"conversation": conversation, "question": question})
    except RagError:
        raise
    except Exception:  # noqa: BLE001 - a failing provider costs the rewriting, not the answer
        return ""
    return " ".join(reply.strip().split()).strip("\"'“” ")


def _only_known_words(rewritten: str, question: str, history: Sequence[Turn]) -> bool:
    if not rewritten or len(rewritten) > 400:
        return False
    told = " ".join([question, *(part for turn in history for part in turn)])
    known = {stem(word) for word in words(told)}
    new = [word for word in words(rewritten) if word not in STOPWORDS and stem(word) not in known]
    return not any(word for word in new if not any(same_name(word, fold(k)) for k in known))
