"""Follow-up questions are made standalone before anything is searched."""

from collections.abc import Sequence

from langchain_core.language_models import BaseChatModel
from langchain_core.output_parsers import StrOutputParser

from rag.errors import RagError
from rag.prompts import load_prompt
from rag.words import STOPWORDS, fold, same_name, stem, words

Turn = tuple[str, str]  # (question, answer)
POINTERS = frozenset(
    """he she it they him her them his its their hers theirs this that these those there then such
    one ones former latter same also too else instead""".split()
)
OPENERS = frozenset("and but or so".split())  # these point back only where they open a question
TURNS = 3


def leans_on_history(question: str) -> bool:
    """Whether a question seems to need the turns before it: it points back, or says too little."""
    spoken = words(question)
    content = [word for word in spoken if word not in STOPWORDS and word not in POINTERS]
    points_back = any(word in POINTERS for word in spoken) or OPENERS.intersection(spoken[:1])
    return len(content) < 2 or bool(points_back)


def standalone(question: str, history: Sequence[Turn], llm: BaseChatModel | None) -> str:
    """Rewrite a follow-up so that it stands alone; a question that does so already stays as it is.

    The language model's version is taken only when all its content words come from the
    conversation. Otherwise, and without a model, the question before is put in front.
    """
    if not history or not leans_on_history(question):
        return question
    plain = f"{history[-1][0]} {question}".strip()
    if llm is None:
        return plain
    rewritten = _rewrite(question, history[-TURNS:], llm)
    return rewritten if _only_known_words(rewritten, question, history) else plain


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
