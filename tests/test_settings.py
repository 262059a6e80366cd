"""Settings: the order of precedence, refusal of what is unknown or impossible, paths."""

import datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from rag.errors import SettingsError, UsageError
from rag.settings import (
    PACKAGE,
    Settings,
    default_home,
    default_index,
    is_checkout,
    load_settings,
    resource,
)


def toml(text: str) -> None:
    Path("rag.toml").write_text(text, "utf-8")


def test_defaults_are_the_contract():
    settings = load_settings()
    assert (settings.store, settings.llm, settings.embedder) == ("faiss", "local", "minilm")
    assert (settings.host, settings.port) == ("127.0.0.1", 7860)
    assert settings.as_of is None
    assert settings.threads >= 1


def test_flag_beats_environment_beats_file_beats_default(monkeypatch):
    assert load_settings().port == 7860
    toml("port = 1111")
    assert load_settings().port == 1111
    monkeypatch.setenv("RAG_PORT", "2222")
    assert load_settings().port == 2222
    assert load_settings(port=3333).port == 3333


def test_file_still_counts_for_what_the_environment_leaves_open(monkeypatch):
    toml("port = 1111\nhost = '0.0.0.0'")
    monkeypatch.setenv("RAG_PORT", "2222")
    settings = load_settings()
    assert (settings.port, settings.host) == (2222, "0.0.0.0")


def test_flag_of_none_counts_as_not_given(monkeypatch):
    monkeypatch.setenv("RAG_LLM", "none")
    assert load_settings(llm=None, port=None).llm == "none"


def test_date_may_come_as_toml_date_or_as_text(monkeypatch):
    day = datetime.date(2025, 12, 19)
    toml("as_of = 2025-12-19")
    assert load_settings().as_of == day
    monkeypatch.setenv("RAG_AS_OF", "2025-12-20")
    assert load_settings().as_of == day + datetime.timedelta(days=1)


def test_names_of_the_host_are_split_at_commas(monkeypatch):
    monkeypatch.setenv("RAG_HOST_NAMES", "News.example, other ,")
    assert load_settings().host_names == ("news.example", "other")
    monkeypatch.delenv("RAG_HOST_NAMES")
    toml('host_names = ["News.example"]')
    assert load_settings().host_names == ("news.example",)


def test_api_key_is_never_shown(monkeypatch):
    monkeypatch.setenv("RAG_API_KEY", "a secret key")
    settings = load_settings()
    assert settings.api_key.get_secret_value() == "a secret key"
    assert "secret" not in f"{settings!r} {settings}"
    monkeypatch.setenv("RAG_API_KEY", "short")
    with pytest.raises(SettingsError, match=r"api_key: .*at least 8") as caught:
        load_settings()
    assert "short" not in str(caught.value).replace("too short", "")


def test_unknown_variable_is_refused_by_name(monkeypatch):
    monkeypatch.setenv("RAG_PROT", "1")
    with pytest.raises(SettingsError, match=r"RAG_PROT in the environment; known: .*RAG_PORT"):
        load_settings()


def test_unknown_key_of_the_file_is_refused_by_name():
    toml("prot = 1")
    with pytest.raises(SettingsError, match=r"'prot' in rag\.toml; known: .*port"):
        load_settings()


def test_unknown_flag_is_refused_and_not_blamed_on_the_file():
    with pytest.raises(SettingsError, match="unknown setting 'prot'") as caught:
        load_settings(prot=1)
    assert "rag.toml" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "65536"),
        ("port", "-1"),
        ("port", "http"),
        ("threads", "0"),
        ("evidence", "0"),
        ("candidates", "1001"),
        ("rrf_k", "0"),
        ("request_seconds", "0"),
        ("as_of", "2025-02-30"),
        ("as_of", "yesterday"),
        ("max_article_bytes", "0"),
        ("max_request_bytes", "1"),
        ("requests_per_minute", "0"),
        ("answers_at_once", "0"),
        ("answers_waiting", "-1"),
    ],
)
def test_impossible_value_is_named_with_its_key_on_one_line(monkeypatch, name, value):
    monkeypatch.setenv(f"RAG_{name.upper()}", value)
    with pytest.raises(SettingsError, match=name) as caught:
        load_settings()
    assert value in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("data", [b"port = ", b"port = '\xff'", b"\x00"])
def test_file_that_is_no_toml_is_one_clear_line(data):
    Path("rag.toml").write_bytes(data)
    with pytest.raises(SettingsError, match=r"rag\.toml cannot be read") as caught:
        load_settings()
    assert "\n" not in str(caught.value)


def test_settings_errors_are_wrong_usage():
    assert issubclass(SettingsError, UsageError)
    assert SettingsError.exit_code == 2


def test_settings_cannot_be_changed_once_made():
    settings = Settings()
    with pytest.raises(ValidationError):
        settings.port = 1


def test_models_and_index_have_their_own_places(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_home() == tmp_path / "quotable-rag"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert default_home() == Path.home() / ".cache" / "quotable-rag"


def test_index_lies_in_the_checkout_or_else_in_the_cache(monkeypatch, tmp_path):
    package = tmp_path / "somewhere" / "rag"
    package.mkdir(parents=True)
    monkeypatch.setattr("rag.settings.PACKAGE", package)
    assert not is_checkout()
    assert default_index() == default_home() / "index"
    (package.parent / "pyproject.toml").touch()
    assert is_checkout()
    assert default_index() == package.parent / "index"


def test_resource_prefers_what_the_wheel_carries(monkeypatch, tmp_path):
    assert (resource("seeds") / "articles.toml").is_file()
    package = tmp_path / "rag"
    (package / "_data" / "seeds").mkdir(parents=True)
    monkeypatch.setattr("rag.settings.PACKAGE", package)
    assert resource("seeds") == package / "_data" / "seeds"
    assert resource("prompts") == tmp_path / "prompts"
    assert PACKAGE.name == "rag"
