"""Every number and path of the product in one frozen record.

Order of precedence: flag > environment (``RAG_*``) > ``rag.toml`` in the working folder > default.
"""

import datetime
import importlib.metadata
import os
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from rag.errors import SettingsError

VERSION = importlib.metadata.version("quotable-rag")
PACKAGE = Path(__file__).resolve().parent


def resource(name: str) -> Path:
    """Find a folder that travels with the product, such as ``prompts`` or ``seeds``.

    A wheel carries them inside the package, a checkout beside it.
    """
    inside = PACKAGE / "_data" / name
    return inside if inside.exists() else PACKAGE.parent / name


def is_checkout() -> bool:
    """Whether the package runs from a source checkout (and not from an installed wheel)."""
    return (PACKAGE.parent / "pyproject.toml").is_file()


def default_home() -> Path:
    """Where models are kept once for all checkouts of this user."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "quotable-rag"


def default_index() -> Path:
    """``index/`` of the checkout; for an installed wheel a folder in the user's cache."""
    return PACKAGE.parent / "index" if is_checkout() else default_home() / "index"


class Settings(BaseSettings):
    """All settings; immutable once made."""

    model_config = SettingsConfigDict(
        env_prefix="RAG_", toml_file="rag.toml", extra="forbid", frozen=True
    )

    home: Path = Field(default_factory=default_home, description="where models are kept")
    index: Path = Field(default_factory=default_index, description="the index folder")
    store: str = Field("faiss", description="where the index lives: faiss, or a database's URI")
    store_token: SecretStr | None = Field(None, description="Milvus' token, or user:password")
    workers: str = Field("1", description="processes that index, or a Dask scheduler's address")
    llm: str = Field("local", description="local, small, none, file:PATH.gguf or provider:model")
    embedder: str = Field("minilm", description="a name from `rag models`, or a folder")
    as_of: datetime.date | None = Field(None, description="use articles up to this date only")

    candidates: int = Field(48, ge=1, le=1000, description="sentences each ranking hands on")
    reranked: int = Field(32, ge=1, le=1000, description="sentences the reranker reads")
    evidence: int = Field(8, ge=1, le=50, description="sentences the model gets to read")
    rrf_k: int = Field(10, ge=1, description="damping of reciprocal rank fusion")
    max_question_chars: int = Field(2000, ge=1, description="longest question taken")
    max_article_bytes: int = Field(50_000_000, ge=1, description="largest file read")

    context_tokens: int = Field(4096, ge=512, description="window of the local language model")
    answer_tokens: int = Field(400, ge=16, description="longest draft")
    request_seconds: float = Field(120.0, gt=0, description="longest wait for a language model")
    seed: int = Field(0, ge=0)
    threads: int = Field(
        default_factory=lambda: (
            len(os.sched_getaffinity(0))
            if hasattr(os, "sched_getaffinity")
            else os.cpu_count() or 1
        ),
        ge=1,
        description="processor threads for models",
    )

    host: str = Field("127.0.0.1", description="address of the web chat")
    port: int = Field(7860, ge=0, le=65535, description="port of the web chat")
    root_path: str = Field("", description="where a reverse proxy shows the web chat, as /news")
    user: str = Field(
        "reader", min_length=1, description="name to log in with, if there is a password"
    )
    password: SecretStr | None = Field(None, description="asked of whoever opens the web chat")
    questions_per_minute: int = Field(20, ge=1, description="of one reader of the web chat")
    feedback: Path = Field(
        default_factory=lambda given: given["home"] / "feedback.jsonl",
        description="where readers' verdicts are kept",
    )
    own_articles: int = Field(20, ge=0, description="articles a reader may add to a session")
    own_bytes: int = Field(10_000_000, ge=1, description="largest file a reader may add")
    own_chars: int = Field(1_000_000, ge=1, description="text of all a reader's own articles")
    host_names: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="further names this server is called by, with commas between them"
    )

    api_key: SecretStr | None = Field(
        None, min_length=8, description="bearer token that other programs must send"
    )
    max_request_bytes: int = Field(262_144, ge=1024, description="largest request of a program")
    max_history: int = Field(50, ge=0, description="most earlier turns a request may bring")
    requests_per_minute: int = Field(120, ge=1, description="most requests of one client a minute")
    metrics: bool = Field(False, description="numbers for Prometheus at /metrics")  # noqa: FBT003
    answers_at_once: int = Field(2, ge=1, description="answers being made for programs at a time")
    answers_waiting: int = Field(32, ge=0, description="questions in line before more are refused")

    @field_validator("host_names", mode="before")
    @classmethod
    def _split_names(cls, given: object) -> object:
        return given.split(",") if isinstance(given, str) else given

    @field_validator("host_names")
    @classmethod
    def _small_letters(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name.strip().lower() for name in names if name.strip())

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic calls by name
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags first, then the environment, then ``rag.toml``."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load_settings(**flags: Any) -> Settings:  # noqa: ANN401 - the fields' own types are checked below
    """Settle all settings; a flag that is None counts as not given.

    Raises SettingsError that names the key, its value and what is allowed.
    """
    known = Settings.model_fields
    strange = sorted(
        key for key in os.environ if key.startswith("RAG_") and key[4:].lower() not in known
    )
    if strange:
        raise SettingsError(
            f"unknown setting {strange[0]} in the environment; known: "
            + ", ".join(f"RAG_{name.upper()}" for name in known)
        )
    try:
        return Settings(**{key: value for key, value in flags.items() if value is not None})
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            place = "" if where in flags else " in rag.toml"
            raise SettingsError(
                f"unknown setting {where!r}{place}; known: {', '.join(known)}"
            ) from problem
        secret = known[str(first["loc"][0])].annotation == SecretStr | None
        shown = "" if secret else f" = {first['input']!r}"
        raise SettingsError(f"setting {where}{shown}: {first['msg']}") from problem
    except ValueError as problem:  # rag.toml that is not TOML
        raise SettingsError(f"rag.toml cannot be read: {problem}") from problem
