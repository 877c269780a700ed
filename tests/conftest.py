"""What every test may ask for: servers that start once, databases of its own, and an environment that is empty."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

import exit_codes
import fork_server
import servers
from caches import Caches
from databases import Clusters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from caches import Cache, CacheCluster
    from databases import Cluster, Database

    Run = Callable[..., subprocess.CompletedProcess[str]]

_ROOM_BYTES = 4 * 1024**3
_SETTING = ("BOOMBAP_", "POSTGRES_", "DB_", "REDIS_", "PG", "XDG_", "SPOTIFY_")


# No property test fails because the machine was busy.
settings.register_profile("busy machine", deadline=None)
settings.load_profile("busy machine")


def pytest_configure() -> None:
    # Before `isolated` moves HOME, under which the servers of other versions lie.
    os.environ.setdefault("BOOMBAP_TEST_SERVERS", str(Path.home() / ".cache" / "boombap" / "test-servers"))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[object]:
    """Collect without looking for garbage: nearly all that is made stays, and looking takes a quarter of the time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(autouse=True)
def isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No setting, file or folder of the machine reaches a test; gives its empty working folder."""
    for name in list(os.environ):
        if name == "DATABASE_URL" or (name.startswith(_SETTING) and name != "BOOMBAP_TEST_SERVERS"):
            monkeypatch.delenv(name)
    for name, place in (
        ("HOME", "home"),
        ("XDG_DATA_HOME", "data"),
        ("XDG_STATE_HOME", "state"),
        ("XDG_CACHE_HOME", "cache"),
    ):
        monkeypatch.setenv(name, str(tmp_path / place))
    # A pipe is written when it is full or flushed, as with everybody who does not set this.
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return work


@pytest.fixture(scope="session")
def cluster_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Path]]:
    """Make a folder for a cluster that writes as safely as one in production: where there is room, in memory."""
    with ExitStack() as stack:
        yield lambda: _memory(stack) or tmp_path_factory.mktemp("cluster")


@pytest.fixture(scope="session")
def clusters(cluster_folder: Callable[[], Path]) -> Iterator[Clusters]:
    """PostgreSQL of every version, each started by the first test that asks for it."""
    with ExitStack() as stack:
        yield Clusters(cluster_folder, stack)


def _memory(stack: ExitStack) -> Path | None:
    """A folder in memory, where there is room: a database that is made and dropped there waits for no disk."""
    place = Path("/dev/shm")
    if not place.is_dir() or not os.access(place, os.W_OK) or shutil.disk_usage(place).free < _ROOM_BYTES:
        return None
    return Path(stack.enter_context(tempfile.TemporaryDirectory(dir=place, prefix="boombap-test-")))


@pytest.fixture
def cluster(clusters: Clusters) -> Cluster:
    """PostgreSQL 18, with pgvector."""
    return clusters.get(18)


@pytest.fixture(params=servers.EACH_MAJOR, ids="PostgreSQL {}".format)
def each_cluster(request: pytest.FixtureRequest, clusters: Clusters) -> Cluster:
    """PostgreSQL of every version at hand."""
    return clusters.get(request.param)


@pytest.fixture
def healthy(cluster: Cluster) -> Database:
    """The healthy sample, for tests that change nothing."""
    return cluster.sample()


@pytest.fixture
def faulty(cluster: Cluster) -> Database:
    """The sample with its planted faults, for tests that change nothing."""
    return cluster.sample(faults=True)


@pytest.fixture
def database(cluster: Cluster) -> Iterator[Database]:
    """A copy of the healthy sample that belongs to the test."""
    made = cluster.copy()
    yield made
    cluster.drop(made)


@pytest.fixture
def empty(cluster: Cluster) -> Iterator[Database]:
    """A database without any table."""
    made = cluster.create()
    yield made
    cluster.drop(made)


@pytest.fixture(scope="session")
def caches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caches]:
    """Redis and Valkey of every kind, each started by the first test that asks for it."""
    with ExitStack() as stack:
        yield Caches(lambda: tmp_path_factory.mktemp("cache"), stack)


@pytest.fixture
def cache(caches: Caches) -> Cache:
    """An empty Valkey."""
    return caches.valkey()


@pytest.fixture
def cache_cluster(caches: Caches) -> CacheCluster:
    """An empty Cluster of six nodes that keep their roles and slots."""
    return caches.cluster()


@pytest.fixture(params=["valkey", "redis"])
def each_cache(request: pytest.FixtureRequest, caches: Caches) -> Cache:
    """An empty Valkey 9, then an empty Redis 7."""
    return getattr(caches, request.param)()


@pytest.fixture
def own_cache(tmp_path: Path) -> Iterator[Callable[..., Cache]]:
    """Start servers that belong to the test, with settings of its own."""
    with ExitStack() as stack:
        yield Caches(lambda: Path(tempfile.mkdtemp(dir=tmp_path)), stack).own


@pytest.fixture
def boombap(isolated: Path) -> Run:
    """Run the command as a process that need not start from nothing; keywords are environment variables."""

    def run(*argv: str, **environment: str) -> subprocess.CompletedProcess[str]:
        done = fork_server.run(argv, {**os.environ, **environment}, isolated, timeout_s=60)
        exit_codes.check(argv, done.returncode)
        return done

    return run


@pytest.fixture
def start_boombap(isolated: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start the installed command and leave it running; what still runs at the end is killed."""
    children: list[subprocess.Popen[str]] = []

    def start(*argv: str, **environment: str) -> subprocess.Popen[str]:
        children.append(subprocess.Popen(command(*argv), **options(isolated, environment)))
        return children[-1]

    yield start
    for child in children:
        child.kill()
        child.communicate()


def command(*argv: str) -> list[str]:
    return [sys.executable, "-m", "boombap", *argv]


def options(folder: Path, environment: dict[str, str]) -> dict[str, Any]:
    pipe = subprocess.PIPE
    return {"env": os.environ | environment, "cwd": folder, "stdout": pipe, "stderr": pipe, "text": True}
