"""Question and evidence to a draft: the language model names sentence numbers, never quotes.

A LangChain chain: prompt | model held to a JSON schema. The draft is unverified; nothing of it
reaches a reader before the verifier has seen it.
"""

import contextlib
import copy
import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable

from rag.answer import unmarked
from rag.attempt import Leave, Left
from rag.corpus import Sentence
from rag.errors import ModelFailed, RagError, first_line
from rag.llm import LocalChat
from rag.prompts import load_prompt, load_schema
from rag.question import visible
from rag.retriever import Hit
from rag.words import terms

BEFORE_CHARS = 400  # a longer sentence before is left out: it is no mere lead to "he"
_VERDICTS = ("yes", "no")
_VERDICT = re.compile(r"(?:yes|no)\s*[,.:;–—]\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class DraftStatement:
    """What the model claims, and the numbers (from 1) of the evidence it names."""

    text: str
    ranks: tuple[int, ...]


def draft(
    llm: BaseChatModel, question: str, evidence: Sequence[Hit], leave: Leave | None = None
) -> Iterator[DraftStatement]:
    """Draft an answer, statement by statement, each as soon as the model has finished it.

    Stops at the next token when ``leave`` says so. Raises ModelFailed when the model fails or
    writes something else than a draft.
    """
    chain = reading_chain(llm, len(evidence))
    leave = leave or Leave()
    given = {"evidence": number_evidence(evidence), "question": visible(question)}
    partials = chain.stream(given, {"callbacks": [leave]})
    done = 0
    latest: list[Any] | None = None
    try:
        for partial in partials:
            latest = _statements(partial)
            for row in (latest or [])[done:-1]:  # the last one may still grow
                done += 1
                yield from _parse(row, len(evidence))
    except RagError:
        raise
    except Exception as problem:
        raise ModelFailed(f"the language model failed: {first_line(problem)}") from problem
    finally:
        _stop(partials, leave)
    if latest is None:
        raise ModelFailed("the language model wrote no draft; ask again, or use --llm none")
    for row in latest[done:]:
        yield from _parse(row, len(evidence))


def echoes(statement: str, question: str) -> bool:
    """Whether a statement has no content word that the question has not: it then answers nothing.

    "Jared Kushner is related to Donald Trump" is no answer to how the two are related, and a mere
    yes or no is a verdict, which the reader of the quotes gives better than a small model.
    """
    asked = {*terms(question), *_VERDICTS}
    return all(term in asked for term in terms(statement))


def _stop(stream: Iterator[Any], leave: Leave) -> None:
    leave.left = True
    with contextlib.suppress(Left, Exception):
        for _ in stream:
            pass


def says_answerable(llm: BaseChatModel, question: str, evidence: Sequence[Hit]) -> float | None:
    """Ask the model whether the evidence answers: the log-odds of "yes" against "no".

    The prompt begins like the draft's, so the model reads the evidence once for both. None for any
    model but the one that was trained to say it and whose odds are known to mean something
    (docs/bench/gate.md). Raises ModelFailed.
    """
    if not isinstance(llm, LocalChat) or llm.adapter is None:
        return None
    asking = llm.bind(logprobs=True, top_logprobs=20, max_tokens=1)
    chain = load_prompt("gate", system="answer") | asking
    reply = chain.invoke({"evidence": number_evidence(evidence), "question": visible(question)})
    return yes_odds(reply.response_metadata["logprobs"]["content"][0]["top_logprobs"])


def yes_odds(tokens: Sequence[Mapping[str, Any]]) -> float:
    """Give ln(P(yes)/P(no)) from the first token's candidates; what is not among them has e^-20."""
    mass = {"yes": math.exp(-20), "no": math.exp(-20)}
    for token in tokens:
        word = token["token"].strip().lower()
        if word in mass:
            mass[word] += math.exp(token["logprob"])
    return math.log(mass["yes"] / mass["no"])


def reading_chain(llm: BaseChatModel, sentences: int) -> Runnable[Any, Any]:
    """Give the chain prompt | model | parser for evidence of so many sentences."""
    schema = copy.deepcopy(load_schema("answer"))
    citations = schema["properties"]["statements"]["items"]["properties"]["citations"]
    citations["items"]["maximum"] = sentences
    schema.setdefault("title", "draft")
    return load_prompt("answer") | llm.with_structured_output(schema)


def number_evidence(evidence: Sequence[Hit]) -> str:
    """Write evidence as the model reads it: one numbered, dated sentence a line.

    The sentence before goes ahead of it on its line, where that is no evidence itself: who "he" is
    may stand there. A sentence has no say in that: it shows only what people see, and numbers of
    its own are none.
    """
    given = {(hit.article.name, hit.sentence.number) for hit in evidence}
    return "\n".join(
        f"[{number}] {_before(hit, given)}{_told(hit.sentence)}"
        + (f" ({hit.article.date})" if hit.article.date else "")
        for number, hit in enumerate(evidence, 1)
    )


def _before(hit: Hit, given: Collection[tuple[str, int]]) -> str:
    number = hit.sentence.number - 1
    if number < 0 or (hit.article.name, number) in given:
        return ""
    before = hit.article.sentences[number]
    if before.heading or before.end - before.start > BEFORE_CHARS:
        return ""
    return f"{_told(before)} "


def _told(sentence: Sentence) -> str:
    return unmarked(visible(sentence.text))


def _statements(partial: Any) -> list[Any] | None:  # noqa: ANN401 - whatever has been written so far
    rows = partial.get("statements") if isinstance(partial, dict) else None
    return rows if isinstance(rows, list) else None


def _parse(row: Any, sentences: int) -> Iterator[DraftStatement]:  # noqa: ANN401 - as above
    """Take a row only when it is whole and names sentences that exist."""
    if not isinstance(row, dict):
        return
    text, ranks = row.get("text"), row.get("citations")
    if not isinstance(text, str) or not isinstance(ranks, list):
        return
    good = tuple(dict.fromkeys(r for r in ranks if type(r) is int and 1 <= r <= sentences))
    longest = load_schema("answer")["properties"]["statements"]["items"]["properties"]["text"]
    cut_off = len(text) >= longest["maxLength"]  # the schema ended it, not the model
    said = " ".join(text.split())
    # Whoever reads the quotes gives the verdict better than a small model: what follows counts.
    said = said[verdict.end() :] if (verdict := _VERDICT.match(said)) else said
    if good and said and not cut_off:
        yield DraftStatement(said, good)
