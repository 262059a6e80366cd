"""Passages, the units of retrieval: one sentence each, with what a reader needs to understand it.

Measured on outside data and on the seeds, single sentences beat runs of three and sentences with
their title or predecessor glued on (docs/bench/retrieval.md); so the context travels beside the
sentence, for the reranker and the rooms behind it, and is not embedded with it.
"""

from dataclasses import dataclass

from rag.corpus import Article

_JOINT = " . "  # between a heading and the sentence before


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence by its number in its article, its text on one line, and its context."""

    article: str
    sentence: int
    text: str
    context: str

    @property
    def place(self) -> tuple[str, int]:
        """Where it stands: a key that orders passages, and names one."""
        return self.article, self.sentence

    def context_with(self, before: str, most: int) -> str:
        """The context with at most so much of the heading; ``before`` is the sentence before."""
        heading = self.context.removesuffix(before).removesuffix(_JOINT)
        return _joined(heading[:most], before)

    def beside(self, away: int) -> tuple[str, int]:
        """The place so many sentences further on, or back; there may be no passage."""
        return self.article, self.sentence + away


def passages_of(article: Article) -> tuple[Passage, ...]:
    """Cut an article into passages.

    Headings are no passages of their own: they label claims and make none, so they are context.
    An article of nothing but headings keeps them, lest it could never be found.
    """
    sentences = article.sentences
    only_headings = all(sentence.heading for sentence in sentences)
    heading = article.title or ""
    passages = []
    before = ""
    for sentence in sentences:
        text = " ".join(sentence.text.split())
        if sentence.heading:
            heading, before = text, ""
        if only_headings or not sentence.heading:
            context = _joined(heading, before)
            passages.append(Passage(article.name, sentence.number, text, context))
            before = text
    return tuple(passages)


def _joined(heading: str, before: str) -> str:
    return _JOINT.join(part for part in (heading, before) if part)
