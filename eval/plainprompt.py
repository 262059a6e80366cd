"""A free-text prompt with numbered sources, and its reply taken apart: what peers do."""

import re
from collections.abc import Sequence

from langchain_core.language_models import BaseChatModel
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate

from .matching import MARKER, without_markers
from .rows import Cited, Row, Said

SYSTEM = (
    "You answer questions from numbered pieces of context. Use only the context. Keep the answer "
    "short, three sentences at most. After each sentence give the numbers of the pieces it rests "
    "on, like [1]. If the context does not hold the answer, say that you do not know."
)
USER = "Context:\n{context}\n\nQuestion: {question}"
REFUSAL = re.compile(
    r"\b(?:do(?:es)? not|don't|cannot|can't|could not|unable to)\b[^.]{0,40}"
    r"\b(?:know|answer|say|mention|specify|provide|contain|state|determine|find|hold)\b"
    r"|\bno (?:information|mention|answer)\b|\bnot (?:mentioned|specified|stated|provided)\b",
    re.IGNORECASE,
)


def ask_model(llm: BaseChatModel, context: str, question: str) -> str:
    """Ask a chat model in free text; raises what the model raises."""
    prompt = ChatPromptTemplate.from_messages([("system", SYSTEM), ("human", USER)])
    chain = prompt | llm | StrOutputParser()
    return str(chain.invoke({"context": context, "question": question})).strip()


def read_reply(system: str, item_id: str, reply: str, sources: Sequence[Cited]) -> Row:
    """Take a free-text reply apart: statements, their markers, the sources they name.

    A reply that opens by saying it does not know, and names no source, is an abstention. Markers
    that lead nowhere stay in the statements, where they are counted as wrong.
    """
    text = " ".join(reply.split())
    statements = [_said(part) for part in re.split(r"(?<=[.!?\]])\s+(?=[^\[\s])", text) if part]
    used = {n for said in statements for n in said.citations}
    cited = tuple(source for source in sources if source.n in used)
    abstained = not text or (REFUSAL.search(statements[0].text) is not None and not cited)
    return Row(
        system=system,
        id=item_id,
        status="abstained" if abstained else "answered",
        text=text,
        statements=tuple(said for said in statements if said.text),
        citations=cited,
    )


def _said(part: str) -> Said:
    numbers = [int(n) for mark in MARKER.findall(part) for n in re.findall(r"\d+", mark)]
    return Said(without_markers(part).strip(), tuple(dict.fromkeys(numbers)))
