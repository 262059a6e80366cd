"""Question and evidence to a draft: the language model names sentence numbers, never quotes.

A LangChain chain: prompt | model held to a JSON schema. The draft is unverified; nothing of it
reaches a reader before the verifier has seen it.
"""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable

from rag.errors import ModelFailed, RagError
from rag.prompts import load_prompt, load_schema
from rag.retriever import Hit


@dataclass(frozen=True, slots=True)
class DraftStatement:
    """What the model claims, and the ranks (from 1) of the evidence it names."""

    text: str
    ranks: tuple[int, ...]


def draft(llm: BaseChatModel, question: str, evidence: Sequence[Hit]) -> Iterator[DraftStatement]:
    """Draft an answer, statement by statement, each as soon as the model has finished it.

    Raises ModelFailed when the model fails or writes something else than a draft.
    """
    chain = reading_chain(llm, len(evidence))
    done = 0
    latest: list[Any] = []
    try:
        for partial in chain.stream({"evidence": number_evidence(evidence), "question": question}):
            latest = _statements(partial)
            for row in latest[done : max(done, len(latest) - 1)]:  # the last one may still grow
                done += 1
                yield from _parse(row, len(evidence))
    except RagError:
        raise
    except Exception as problem:
        raise ModelFailed(f"the language model failed: {_first_line(problem)}") from problem
    for row in latest[done:]:
        yield from _parse(row, len(evidence))


def reading_chain(llm: BaseChatModel, sentences: int) -> Runnable[Any, Any]:
    """Give the chain prompt | model | parser for evidence of so many sentences."""
    schema = copy.deepcopy(load_schema("answer"))
    citations = schema["properties"]["statements"]["items"]["properties"]["citations"]
    citations["items"]["maximum"] = sentences
    schema.setdefault("title", "draft")
    return load_prompt("answer") | llm.with_structured_output(schema)


def number_evidence(evidence: Sequence[Hit]) -> str:
    """Write evidence as the model reads it: one numbered, dated sentence a line."""
    return "\n".join(
        f"[{hit.rank}] {' '.join(hit.sentence.text.split())}"
        + (f" ({hit.article.date})" if hit.article.date else "")
        for hit in evidence
    )


def _statements(partial: Any) -> list[Any]:  # noqa: ANN401 - whatever the model has written so far
    rows = partial.get("statements") if isinstance(partial, dict) else None
    return rows if isinstance(rows, list) else []


def _parse(row: Any, sentences: int) -> Iterator[DraftStatement]:  # noqa: ANN401 - as above
    """Take a row only when it is whole and names sentences that exist."""
    if not isinstance(row, dict):
        return
    text, ranks = row.get("text"), row.get("citations")
    if not isinstance(text, str) or not isinstance(ranks, list):
        return
    good = tuple(dict.fromkeys(r for r in ranks if isinstance(r, int) and 1 <= r <= sentences))
    if good and text.strip():
        yield DraftStatement(" ".join(text.split()), good)


def _first_line(problem: Exception) -> str:
    return (str(problem).strip().splitlines() or [type(problem).__name__])[0][:200]
