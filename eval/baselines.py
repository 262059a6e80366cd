"""What a reader could have instead: BM25 quotes, the stock recipe, the whole corpus as a prompt.

None of them knows dates or an as-of day; follow-ups get the question before put in front, which is
what the product does without a language model.
"""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import replace

from langchain_core.language_models import BaseChatModel

from rag.corpus import Article
from rag.embedder import Embedder
from rag.errors import UsageError

from .gold import Gold
from .plainprompt import ask_model, read_reply
from .rankers import Bm25, Cosine, one_line
from .rows import Cited, Found, Row, Said
from .scoring import Corpus, K
from .systems import code_digest, elapsed
from .tokens import TokenMeter, metered

QUOTES = 3
CHUNK_CHARS, CHUNK_OVERLAP, CHUNKS = 1000, 200, 4
MOST_TOKENS = 32_768
NAMES = ("bm25", "stock", "whole")


class Bm25Quotes:
    """(a) The three sentences that BM25 ranks first, as they stand; it never says "I do not know"
    unless no word is shared.
    """  # noqa: D205 - one sentence over two lines

    name = "bm25"

    def __init__(self, corpus: Corpus) -> None:
        self.meter = TokenMeter()
        self._sentences = corpus.sentences
        self._bm25 = Bm25([one_line(s) for s in self._sentences])
        self.key = corpus_key(corpus.articles) + code_digest()

    def answer(self, item: Gold) -> Row:
        """Quote the best three sentences."""
        start = time.perf_counter()
        ranked = self._bm25.rank(plain_question(item))
        best = [self._sentences[row] for row, _ in ranked[:K]]
        cited = tuple(
            Cited(n, s.article, s.start, s.end, s.text) for n, s in enumerate(best[:QUOTES], 1)
        )
        return Row(
            system=self.name,
            id=item.id,
            status="answered" if cited else "abstained",
            text=" ".join(f"{' '.join(c.quote.split())} [{c.n}]" for c in cited),
            statements=tuple(Said(" ".join(c.quote.split()), (c.n,)) for c in cited),
            citations=cited,
            found=tuple(Found(s.article, s.start, s.end) for s in best),
            confidence=ranked[0][1] if ranked else 0.0,
            timings_ms={"total": elapsed(start)},
        )

    def close(self) -> None:
        """Nothing to let go of."""


class StockRecipe:
    """(b) The stock LangChain recipe: chunks of 1,000 characters, the four nearest, free text."""

    name = "stock"

    def __init__(self, corpus: Corpus, llm: BaseChatModel, llm_key: str, embed: Embedder) -> None:
        self._llm, self.meter = llm, metered(llm)
        self._chunks = [chunk for article in corpus.articles for chunk in chunks(article)]
        self._cosine = Cosine([chunk.quote for chunk in self._chunks], embed)
        self.key = corpus_key(corpus.articles) + llm_key + code_digest()

    def answer(self, item: Gold) -> Row:
        """Answer from the four nearest chunks."""
        start = time.perf_counter()
        ranked = self._cosine.rank(plain_question(item))[:CHUNKS]
        sources = [replace(self._chunks[at], n=n) for n, (at, _) in enumerate(ranked, 1)]
        context = "\n\n".join(f"[{source.n}] {source.quote}" for source in sources)
        reply = ask_model(self._llm, context, plain_question(item))
        row = read_reply(self.name, item.id, reply, sources)
        return replace(row, confidence=ranked[0][1], timings_ms={"total": elapsed(start)})

    def close(self) -> None:
        """Free the model's weights."""
        close_model(self._llm)


class WholeCorpus:
    """(c) The whole corpus in one prompt, every sentence numbered; the model does all the rest."""

    name = "whole"

    def __init__(self, corpus: Corpus, llm: BaseChatModel, llm_key: str) -> None:
        self._llm, self.meter = llm, metered(llm)
        self._sources = [
            Cited(n, s.article, s.start, s.end, s.text) for n, s in enumerate(corpus.sentences, 1)
        ]
        self._context = "\n".join(f"[{c.n}] {' '.join(c.quote.split())}" for c in self._sources)
        self.key = corpus_key(corpus.articles) + llm_key + code_digest()

    def answer(self, item: Gold) -> Row:
        """Answer from everything at once."""
        start = time.perf_counter()
        reply = ask_model(self._llm, self._context, plain_question(item))
        row = read_reply(self.name, item.id, reply, self._sources)
        return replace(row, timings_ms={"total": elapsed(start)})

    def close(self) -> None:
        """Free the model's weights."""
        close_model(self._llm)


def window_for(corpus: Corpus) -> int:
    """Tokens a window needs for the whole corpus, at three characters a token, in whole 1,024s.

    Raises UsageError where a corpus is too large to be a prompt.
    """
    characters = sum(len(s.text) + 8 for s in corpus.sentences)
    needed = (characters // 3 // 1024 + 2) * 1024
    if needed > MOST_TOKENS:
        raise UsageError(
            f"the corpus is too large for one prompt ({needed:,} tokens, {MOST_TOKENS:,} at most); "
            "leave `whole` out of --compare"
        )
    return needed


def chunks(article: Article) -> list[Cited]:
    """Cut an article as LangChain's recursive splitter does; offsets are exact."""
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(
        chunk_size=CHUNK_CHARS, chunk_overlap=CHUNK_OVERLAP, add_start_index=True
    )
    found = []
    for document in splitter.create_documents([article.text]):
        start = int(document.metadata["start_index"])
        end = start + len(document.page_content)
        found.append(Cited(0, article.name, start, end, article.text[start:end]))
    return found


def plain_question(item: Gold) -> str:
    """Give the question, with the one before it in front where there is one."""
    return " ".join([*(asked for asked, _ in item.history[-1:]), item.question])


def corpus_key(articles: Sequence[Article]) -> str:
    """Name a corpus by its articles' checksums."""
    return hashlib.sha256("".join(a.sha256 for a in articles).encode()).hexdigest()


def close_model(llm: BaseChatModel) -> None:
    """Free a local model's weights; other models have nothing to free."""
    close = getattr(llm, "close", None)
    if callable(close):
        close()
