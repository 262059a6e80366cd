"""What was found and written for a question becomes the answer object."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from rag.answer import Abstention, Answer, Claim, Difference, number, number_sides, unmarked
from rag.evidence import Bounds
from rag.index import Searchable
from rag.retriever import Hit
from rag.verifier import quote

NEAREST = 3
REST = "The articles do not say: {}"
MAYBE = "This comes nearest, but may not answer: {}"
SOME = "These are the first sentences of {} of the {} articles."


@dataclass(slots=True)
class Written:
    """What has come together for one question so far.

    ``silent`` are its parts without answer, ``doubtful`` those whose evidence rather has none;
    ``leads`` says that it asks for the articles as such.
    """

    asked: str
    full: str
    bounds: Bounds
    hits: Sequence[Hit]
    claims: list[Claim] = field(default_factory=list)
    differing: list[Difference] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    doubtful: list[str] = field(default_factory=list)
    leads: bool = False

    def add(self, claim: Claim) -> bool:
        """Take a claim unless the same words stand there already; says whether it was taken."""
        new = claim.text not in {known.text for known in self.claims}
        if new:
            self.claims.append(claim)
        return new


def assemble(
    written: Written,
    index: Searchable,
    provenance: Mapping[str, Any],
    failure: str | None,
    timings: Mapping[str, float],
) -> Answer:
    """Number, date and sign an answer; ``failure`` tells what became of the language model.

    It abstains where nothing was claimed; where only a part found no answer, a note says so.
    """
    text, statements, cited = number(written.claims)
    sides, citations = number_sides(written.differing, cited)
    status: Literal["answered", "abstained"] = "answered" if written.claims else "abstained"
    abstention = None if written.claims else _abstention(written, index)
    as_of = written.bounds.as_of
    return Answer(
        question=written.asked,
        standalone_question=written.full,
        as_of=as_of.isoformat() if as_of else None,
        status=status,
        text=text if abstention is None else abstention.reason,
        statements=statements,
        citations=citations,
        conflicts=sides,
        abstention=abstention,
        provenance={**provenance, **_noted(written, failure, _many(written, index))},
        timings_ms=dict(timings),
    )


def _noted(written: Written, failure: str | None, articles: int) -> dict[str, Any]:
    """What the reader should know besides, and whether it was the model's failure."""
    told = [(MAYBE, part) for part in written.doubtful] + [(REST, p) for p in written.silent]
    rest = [words.format(part) for words, part in told if written.claims]
    if written.leads and written.bounds.as_of is None and len(written.claims) < articles:
        rest.append(SOME.format(len(written.claims), articles))
    notes = [*([failure] if failure else []), *rest]
    failed = {"model_failed": True} if failure else {}
    return {"note": " ".join(notes), **failed} if notes else {}


def _many(written: Written, index: Searchable) -> int:
    """How many articles are asked, whatever their dates."""
    chosen = written.bounds.articles
    return int(index.manifest["articles"]) if chosen is None else len(set(chosen))


def _abstention(written: Written, index: Searchable) -> Abstention:
    bounds = written.bounds
    count = _many(written, index)
    chosen = "" if bounds.articles is None else "chosen "
    which = f"The {chosen or 'only '}article does"
    if count != 1:
        which = f"The {count} {chosen}articles do"
    if bounds.as_of is not None:
        which = f"The articles dated up to {bounds.as_of.isoformat()} do"
    nearest = tuple(quote(hit).numbered(n) for n, hit in enumerate(written.hits[:NEAREST], 1))
    missing = [f"“{word}”" for word in index.words.strangers(written.full)]
    nowhere = f" Nowhere in them: {', '.join(missing)}." if missing else ""
    return Abstention(unmarked(f"{which} not say: {written.full}{nowhere}"), nearest)
