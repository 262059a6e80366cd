"""Chat models: a local GGUF file run in process, or any provider LangChain knows.

The only room that knows llama.cpp. Its server object listens on a private Unix socket in a
temporary folder of this user, never on a network port; only what it has read is asked for there
(``rag.modelstate``).
"""

import contextlib
import hashlib
import json
import os
import platform
import queue
import re
import shutil
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    HumanMessage,
    SystemMessage,
)
from langchain_core.messages.ai import UsageMetadata
from langchain_core.output_parsers import JsonOutputParser
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from pydantic import PrivateAttr

from rag.errors import ModelFailed, ModelMissing, SettingsError, first_line
from rag.models import MODELS, locate, sha256_of
from rag.modelstate import States
from rag.settings import Settings
from rag.shipped import compare, shipped_sha256

NO_MODEL = "none"
ADAPTED = "local"  # the model for which an adapter was trained (`python -m eval.train_reader`) …
ADAPTER = Path(__file__).with_name("adapter.gguf")  # … to tell better whether evidence answers
SETTLING = 20.0  # seconds; reading a prompt cannot be stopped
ONE_LINE = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}
State = Literal["ready", "warming up", "failed"]
_ROLES = {SystemMessage: "system", HumanMessage: "user", AIMessage: "assistant"}
# What chat templates take for the end of a turn or the head of another: "<|im_end|>", "</s>",
# "[INST]". llama.cpp reads it so wherever it stands, in the words of an article as well.
_CONTROL = re.compile(
    r"<(?=[|\uff5c]|/?(?:s|bos|eos|start_of_turn|end_of_turn)>)"
    r"|\[(?=/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_\w+)\])"
)


class LocalChat(BaseChatModel):
    """A GGUF model in this process, behind LangChain's chat-model contract.

    Understands ``response_format`` (JSON schema), ``logprobs`` and ``top_logprobs``; temperature is
    0, so the same prompt gives the same words. Callers queue up: one generation at a time.
    """

    path: Path
    adapter: Path | None = None  # low-rank weights that are added to the model's own
    context_tokens: int = 4096
    threads: int = 2
    max_tokens: int = 256
    seed: int = 0
    timeout: float = 120.0
    states: Path | None = None  # folder in which what every prompt opens with is kept as read
    _server: Any = PrivateAttr(default=None)
    _failed: bool = PrivateAttr(default=False)
    _clear: Any = PrivateAttr(default=None)  # takes the server's folder away, at exit at the latest
    _kept: Any = PrivateAttr(default=None)
    _lock: Any = PrivateAttr(default_factory=threading.Lock)
    _leaving: Any = PrivateAttr(default_factory=threading.Event)

    @property
    def _llm_type(self) -> str:
        return "llama.cpp in process"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"path": str(self.path), "seed": self.seed, "context_tokens": self.context_tokens}

    @property
    def state(self) -> State:
        """Whether the weights are loaded, not yet, or cannot be."""
        if self._server is not None:
            return "ready"
        return "failed" if self._failed else "warming up"

    def load(self) -> None:
        """Load the weights now rather than at the first question; raises ModelFailed."""
        with self._lock:
            if self._server is None:
                self._start()

    def preload(self, opening: Sequence[BaseMessage]) -> None:
        """Load the weights and read what every prompt opens with: questions then skip that.

        Keeps quiet about failure: the first question will say it.
        """
        request = {**self._request(list(opening), None, {}), "max_tokens": 1}
        with contextlib.suppress(ModelFailed):
            self.load()
            with self._lock:  # of a question that comes in between nothing may be kept
                if self._kept is None:
                    self._ask(request, None)
                    return
                key = self._state_key(request)
                had = self._kept.restore(key)
                self._ask(request, None)
                if not had:
                    self._kept.save(key)

    def _state_key(self, request: dict[str, Any]) -> str:
        """Name all that the state of a text depends on: weights, window, engine, processor."""
        weights = self.path.stat()
        about = (str(self.path), weights.st_size, weights.st_mtime_ns, self.context_tokens)
        added = shipped_sha256(self.adapter) if self.adapter else None
        engine = (version("xllamacpp"), platform.machine(), _processor())
        told = json.dumps([about, added, engine, request["messages"]])
        return hashlib.sha256(told.encode()).hexdigest()[:32]

    def close(self) -> None:
        """Free the weights."""
        with self._lock:
            self._server = None
            if self._clear is not None:
                self._clear()

    def with_structured_output(  # type: ignore[override]
        self, schema: dict[str, Any], **_: object
    ) -> Runnable[LanguageModelInput, Any]:
        """Hold the model to a JSON schema while it writes; streams growing objects."""
        return self.bind(grammar=_grammar(schema)) | JsonOutputParser()

    def _start(self) -> None:
        llama = _llama()
        folder = Path(tempfile.mkdtemp(prefix="quotable-rag-"))
        self._clear = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        weakref.finalize(self, _settle, self._lock, self._leaving)
        params = llama.CommonParams()
        params.model.path = str(self.path)
        if self.adapter is not None:
            params.lora_adapters = [llama.CommonAdapterLoraInfo(str(self.adapter), 1.0)]
        params.hostnames = [str(folder / "llm.sock")]
        params.n_ctx = self.context_tokens
        params.n_parallel = 1
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = self.threads
        params.verbosity = -1
        params.warmup = False
        params.ui = False
        params.endpoint_slots = False
        if self.states is not None:
            with contextlib.suppress(OSError):  # a home that cannot be written costs seconds only
                self.states.mkdir(parents=True, exist_ok=True)
                params.slot_save_path = f"{self.states}{os.sep}"
                self._kept = States(self.states, folder / "llm.sock")
        try:
            self._server = llama.Server(params)
        except RuntimeError as problem:
            self._failed = True
            self._clear()
            raise ModelFailed(
                f"{self.path} cannot be loaded as a language model; it must be a GGUF file that "
                "this version of llama.cpp knows"
            ) from problem

    def _request(
        self, messages: list[BaseMessage], stop: list[str] | None, extra: dict[str, Any]
    ) -> dict[str, Any]:
        return {
            "messages": [
                {"role": _ROLES.get(type(m), "user"), "content": _as_words(m.text)}
                for m in messages
            ],
            "max_tokens": self.max_tokens,
            "temperature": 0,
            "seed": self.seed,
            "stop": stop or [],
            **extra,
        }

    def _call(
        self, request: dict[str, Any], on_chunk: Callable[[dict[str, Any]], bool] | None = None
    ) -> dict[str, Any]:
        """Ask llama.cpp once; ``on_chunk`` gives True to stop. Raises ModelFailed."""
        self.load()
        with self._lock:
            return self._ask(request, on_chunk)

    def _ask(
        self, request: dict[str, Any], on_chunk: Callable[[dict[str, Any]], bool] | None
    ) -> dict[str, Any]:
        """Ask llama.cpp; the caller holds the lock."""
        if self._server is None or self._leaving.is_set():
            raise ModelFailed("the local language model has been closed; open it again")
        given = (request,) if on_chunk is None else (request, on_chunk)
        try:
            reply: dict[str, Any] | None = self._server.handle_chat_completions(*given)
        except (RuntimeError, ValueError) as problem:
            raise ModelFailed(f"the local language model failed: {problem}") from problem
        _raise_error(reply)
        return reply or {}

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002
        **kwargs: Any,  # noqa: ANN401 - LangChain's signature
    ) -> ChatResult:
        reply = self._call(self._request(messages, stop, kwargs))
        choice = reply["choices"][0]
        meta = {
            "finish_reason": choice["finish_reason"],
            "logprobs": choice.get("logprobs"),
            "timings": reply.get("timings"),
        }
        message = AIMessage(
            content=choice["message"]["content"] or "",
            response_metadata=meta,
            usage_metadata=_usage(reply["usage"]),
        )
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # noqa: ANN401 - LangChain's signature
    ) -> Iterator[ChatGenerationChunk]:
        request = {
            **self._request(messages, stop, kwargs),
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        for piece in self._pieces(request):
            if isinstance(piece, str):
                chunk = ChatGenerationChunk(message=AIMessageChunk(content=piece))
                if run_manager:
                    run_manager.on_llm_new_token(piece, chunk=chunk)
            else:  # the last: no words, but how many tokens all of it took
                message = AIMessageChunk(content="", usage_metadata=piece)
                chunk = ChatGenerationChunk(message=message)
            yield chunk

    def _pieces(self, request: dict[str, Any]) -> Iterator[str | UsageMetadata]:
        """Run a generation in a thread and hand its pieces over as they come, its usage last.

        Leaving the loop early, or a wait longer than ``timeout``, stops the generation.
        """
        pieces: queue.Queue[str | UsageMetadata | BaseException | None] = queue.Queue()
        stopped = threading.Event()

        def on_chunk(chunk: dict[str, Any]) -> bool:
            if "error" in chunk:
                pieces.put(_failure(chunk))
                return True
            told = _told(chunk)
            if told:
                pieces.put(told)
            return stopped.is_set() or self._leaving.is_set()

        def work() -> None:
            try:
                self._call(request, on_chunk)
                pieces.put(None)
            except BaseException as problem:  # noqa: BLE001 - carried over to the caller's thread
                pieces.put(problem)

        thread = threading.Thread(target=work, name="llm", daemon=True)
        thread.start()
        deadline = time.monotonic() + self.timeout
        try:
            while True:
                try:
                    piece = pieces.get(timeout=max(0.0, deadline - time.monotonic()))
                except queue.Empty as problem:
                    raise ModelFailed(
                        f"the language model took longer than {self.timeout:.0f} s; raise "
                        "RAG_REQUEST_SECONDS or use --llm none"
                    ) from problem
                if piece is None:
                    return
                if isinstance(piece, BaseException):
                    raise piece
                yield piece
        finally:
            stopped.set()


def _settle(lock: threading.Lock, leaving: threading.Event) -> None:
    """Wait for what still runs before Python takes itself apart: llama.cpp would crash."""
    leaving.set()
    lock.acquire(timeout=SETTLING)


def _as_words(text: str) -> str:
    """Take the power from a chat template's marks: nobody's words may open a turn of their own."""
    return _CONTROL.sub(r"\g<0> ", text)


def _told(chunk: dict[str, Any]) -> str | UsageMetadata | None:
    """Give what a chunk of a stream tells: words, or at the end how many tokens it took."""
    if chunk.get("usage"):
        return _usage(chunk["usage"])
    return chunk["choices"][0]["delta"].get("content") if chunk.get("choices") else None


def _usage(usage: dict[str, Any]) -> UsageMetadata:
    return UsageMetadata(
        input_tokens=usage["prompt_tokens"],
        output_tokens=usage["completion_tokens"],
        total_tokens=usage["total_tokens"],
    )


def _llama() -> Any:  # noqa: ANN401 - it ships no types
    """Import llama.cpp with short waits in its threads.

    They wait for each other by spinning. Where another program wants the same cores, OpenMP's own
    patience makes writing nine times slower; this much costs nothing on an idle machine
    (docs/bench/speed.md). OpenMP reads it once, when it is loaded.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", "400")
    import xllamacpp

    return xllamacpp


@cache
def _processor() -> str:
    """Name what the processor can do: another one reads the same text a little otherwise."""
    with contextlib.suppress(OSError, StopIteration):
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
        return next(line for line in lines if line.startswith(("flags", "Features")))
    return platform.processor()


def _grammar(schema: dict[str, Any]) -> str:
    """Give the grammar of a schema's JSON on one line: white space is half of what is written."""
    grammar: str = _llama().json_schema_to_grammar({**schema, "x-guidance": ONE_LINE})
    return grammar


def _failure(reply: dict[str, Any]) -> ModelFailed:
    error = reply["error"]
    text = error.get("message", error) if isinstance(error, dict) else error
    return ModelFailed(f"the local language model failed: {text}")


def _raise_error(reply: dict[str, Any] | None) -> None:
    if reply and "error" in reply:
        raise _failure(reply)


def open_llm(settings: Settings) -> BaseChatModel | None:
    """Make the chat model the settings name, or None for ``none``; weights load at first use.

    Raises ModelMissing, ModelDamaged, or SettingsError for a spec that nothing understands.
    """
    spec = settings.llm
    if spec == NO_MODEL:
        return None
    model = MODELS.get(spec)
    if model is not None and model.kind == "llm":
        adapter = compare(ADAPTER, "the adapter") if spec == ADAPTED else None
        return _local(locate(spec, settings.home), settings, adapter)
    if spec.startswith("file:"):
        path = Path(spec.removeprefix("file:")).expanduser()
        if not path.is_file():
            raise ModelMissing(f"--llm {spec}: there is no file {path}")
        return _local(path, settings, None)
    return _provider(spec, settings)


def _local(path: Path, settings: Settings, adapter: Path | None) -> LocalChat:
    return LocalChat(
        path=path,
        adapter=adapter,
        context_tokens=settings.context_tokens,
        threads=settings.threads,
        max_tokens=settings.answer_tokens,
        seed=settings.seed,
        timeout=settings.request_seconds,
        states=settings.home / "states",
    )


def _provider(spec: str, settings: Settings) -> BaseChatModel:
    """Ask LangChain for ``provider:model``; its many ways of refusing become one line."""
    local = ", ".join(name for name, model in MODELS.items() if model.kind == "llm")
    known = f"none, {local}, file:PATH.gguf, or provider:model as LangChain names them"
    provider, colon, name = spec.partition(":")
    if not (colon and provider and name):
        raise SettingsError(f"unknown --llm {spec!r}; it can be: {known}")
    from langchain.chat_models import init_chat_model

    try:
        return init_chat_model(
            spec, temperature=0, timeout=settings.request_seconds, max_tokens=settings.answer_tokens
        )
    except ImportError as problem:
        raise SettingsError(f"--llm {spec}: {first_line(problem)}") from problem
    except ValueError as problem:
        raise SettingsError(
            f"unknown --llm {spec!r}: {first_line(problem)}; it can be: {known}"
        ) from problem
    except Exception as problem:
        raise SettingsError(f"--llm {spec} cannot be used: {first_line(problem)}") from problem


_file_sha256 = cache(sha256_of)  # hashing a gigabyte once is enough


def adapter_identity(settings: Settings) -> str | None:
    """Name the bytes of what is added to the language model, None where nothing is."""
    return shipped_sha256(ADAPTER) if settings.llm == ADAPTED else None


def model_identity(settings: Settings) -> str | None:
    """Name the language model's bytes by sha256; a provider's model only has its name."""
    model = MODELS.get(settings.llm)
    if model is not None:
        return model.sha256
    if settings.llm.startswith("file:"):
        return _file_sha256(Path(settings.llm.removeprefix("file:")).expanduser())
    return None if settings.llm == NO_MODEL else settings.llm
