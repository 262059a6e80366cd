"""Asks an outside set's questions one by one, keeping each reply as it comes."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rag.progress import bar
from rag.settings import Settings

from ..systems import code_digest
from .documents import GivenDocuments, Question, Reply


@dataclass(frozen=True)
class Task:
    """What is to be run: on which product, over which data folder, how many questions.

    ``limit`` None is the set's own default; ``out`` is the report's folder; ``fresh`` forgets the
    replies of an earlier run.
    """

    settings: Settings
    data: Path
    out: Path
    limit: int | None = None
    fresh: bool = False

    def file(self, name: str, ending: str) -> Path:
        """Name one of the report's files; a path or provider in the model's SPEC is made safe."""
        llm = "".join(c if c.isalnum() or c in "-." else "_" for c in self.settings.llm)
        return self.out / f"{name}-{llm}{ending}"


def ask_all(task: Task, name: str, questions: Sequence[Question]) -> list[Reply]:
    """Ask every question, with a progress bar; what fails becomes a reply and the run goes on.

    Replies lie in ``NAME-LLM.rows.jsonl``. Those of an earlier run are taken over where question,
    documents, models, prompts and code are the same; a crash is tried again.
    """
    journal = task.file(name, ".rows.jsonl")
    journal.parent.mkdir(parents=True, exist_ok=True)
    known = {} if task.fresh else {reply.key: reply for reply in read_replies(journal)}
    product = GivenDocuments(task.settings)
    try:
        keys = _keys(questions, product.identity)
        kept = [known[key] for key in keys if key in known]
        journal.write_text("".join(map(_line, kept)), "utf-8")
        replies = []
        with bar(name) as progress, journal.open("a", encoding="utf-8") as file:
            for done, (question, key) in enumerate(zip(questions, keys, strict=True), 1):
                reply = known.get(key)
                if reply is None:
                    reply = _ask(product, question, key)
                    file.write(_line(reply))
                    file.flush()
                replies.append(reply)
                progress(done, len(questions))
    finally:
        product.close()
    return replies


def read_replies(path: Path) -> Iterator[Reply]:
    """Read the replies of an earlier run, but for crashes and a last line that was cut short."""
    if not path.is_file():
        return
    for line in path.read_text("utf-8").splitlines():
        try:
            row = json.loads(line)
            reply = Reply(**{**row, "found": tuple(map(tuple, row["found"]))})
        except (ValueError, KeyError, TypeError):
            continue
        if reply.error is None:
            yield reply


def _ask(product: GivenDocuments, question: Question, key: str) -> Reply:
    try:
        return product.ask(question, key)
    except Exception as problem:  # noqa: BLE001 - whatever breaks is scored as the worst answer
        told = f"{type(problem).__name__}: {' '.join(str(problem).split())[:300]}"
        return Reply(question.id, key, None, told)


def _keys(questions: Sequence[Question], identity: str) -> list[str]:
    start = hashlib.sha256((identity + code_digest()).encode())
    keys = []
    for question in questions:
        digest = start.copy()
        told = [question.id, question.text, question.history]
        documents = [asdict(document) for document in question.documents]
        digest.update(json.dumps([told, documents]).encode())
        keys.append(digest.hexdigest()[:16])
    return keys


def _line(reply: Reply) -> str:
    return json.dumps(asdict(reply), ensure_ascii=False) + "\n"
