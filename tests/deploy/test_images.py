"""The images: what is in each, and its main job within its memory, without a name, a shell or a writable root."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.request import urlopen

import pytest

import images
import servers
from boombap.cli.extras import MODULES
from boombap.local.process import poll
from ctx.repositories import repository
from databases import Cluster
from distribution import __main__ as distribution

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
LIMIT_MIB = {"spotify": 48}

# The first of the long ones makes a base and six images.
pytestmark = pytest.mark.timeout(900)


def test_every_tool_has_a_target_that_installs_its_extra_only():
    assert set(images.targets()) == set(MODULES)
    installed = re.findall(
        r'^FROM wheels AS build-(\w+)\nRUN \["python3", "/install_tool.py", "(\w+)"\]$', DOCKERFILE, re.MULTILINE
    )
    assert sorted(installed) == sorted((tool, tool) for tool in MODULES)
    for tool in MODULES:
        assert f"FROM runtime AS {tool}\nCOPY --from=build-{tool} /opt/boombap /opt/boombap\n" in DOCKERFILE


def test_nothing_of_the_runtime_needs_a_shell_or_a_name():
    runtime = DOCKERFILE.partition("AS runtime")[2]
    commands = re.findall(r"^(?:RUN|CMD|ENTRYPOINT|VOLUME|HEALTHCHECK.*?CMD)\s+(.)", runtime, re.MULTILINE | re.DOTALL)
    assert len(commands) > 10
    assert set(commands) == {"["}
    assert "USER 10001:10001" in runtime
    assert "WORKDIR /work" in runtime


def test_only_wheels_and_the_installer_reach_the_build():
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not line.startswith("#")] == [
        "*",
        "!dist/wheelhouse-*",
        "!deploy/install_tool.py",
    ]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--engine", "docker", "nonsense"], "not a target of the Dockerfile"),
        (["--engine", "docker", "--wheelhouse", "dist/none", "db"], "`make dist` makes it"),
        (["--engine", "rocket"], "invalid choice"),
    ],
)
def test_bad_input(words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        images.main(words)
    assert ended.value.code == 2
    assert sentence in capsys.readouterr().err


class Engine(NamedTuple):
    """podman, with the images that were built."""

    words: list[str]

    def command(self, tool: str, *words: str, options: tuple[str, ...] = (), **environment: str) -> list[str]:
        """Return how a cluster runs a tool: no name, no rights, a root that cannot be written, little memory."""
        memory = f"{LIMIT_MIB.get(tool, 20)}m"
        limits = [
            "--memory",
            memory,
            "--memory-swap",
            memory,
            "--ulimit",
            "nofile=1024:1024",
            "--ulimit",
            "nproc=512:512",
        ]
        rights = ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--network", "host"]
        given = [word for name, value in environment.items() for word in ("--env", f"{name}={value}")]
        own = [*limits, *rights, "--tmpfs", "/tmp:size=1m", *options, *given]
        return [*self.words, "run", "--rm", "--no-healthcheck", *own, images.name(tool), *words]

    def run(self, tool: str, *words: str, **more: object) -> subprocess.CompletedProcess[str]:
        command = self.command(tool, *words, **more)  # type: ignore[arg-type]
        # Where it stands podman leaves a file for a container that met its limit.
        folder = tempfile.gettempdir()
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Build every image; the base is kept in the cache folder of the user."""
    if not shutil.which("podman") or not shutil.which("mmdebstrap"):
        pytest.skip("podman and mmdebstrap are not at hand")
    if not images.works("podman"):
        pytest.skip("podman does not work here")
    folder = Path.home() / ".cache" / "boombap" / "test-images"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMAGES_FOLDER", os.environ.get("IMAGES_FOLDER", str(folder)))
        context = tmp_path_factory.mktemp("context")
        (context / "deploy").mkdir()
        shutil.copy(ROOT / "deploy" / "install_tool.py", context / "deploy")
        assert distribution.main(["--platform", "linux_x86_64", "--output", str(context / "dist")]) == 0
        base = images.make_debian("podman")
        for tool in images.targets():
            images.build("podman", tool, "dist/wheelhouse-linux_x86_64", base, context)
        return Engine([*images.storage("podman"), "--runtime", "runc", "--cgroup-manager", "cgroupfs"])


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a loaded sample over TCP, with its password."""
    folder = tmp_path_factory.mktemp("image-postgres")
    with servers.running_postgres(servers.MAJORS[-1], folder, tcp=True) as running:
        sample = Cluster(running).sample(faults=True)
        password = running.password_file.read_text().strip()
        place = running.tcp_url.partition("@")[2].partition("/")[0]
        yield f"postgresql://boombap:{password}@{place}/{sample.name}"


@pytest.mark.slow
@pytest.mark.parametrize("tool", images.targets())
def test_an_image_says_what_it_is(engine: Engine, tool: str):
    done = subprocess.run([*engine.words, "inspect", images.name(tool)], capture_output=True, text=True, check=True)
    config = json.loads(done.stdout)[0]["Config"]
    assert config["User"] == "10001:10001"
    assert config["WorkingDir"] == "/work"
    assert config["Labels"]["org.opencontainers.image.title"] == "boombap"
    assert engine.run(tool, "--help").returncode == 0


@pytest.mark.slow
def test_db(engine: Engine, postgres: str):
    done = engine.run("db", "--quick", DATABASE_URL=postgres)
    assert done.returncode == 0, done.stderr
    assert "tracks" in done.stdout


@pytest.mark.slow
def test_redis(engine: Engine, tmp_path: Path):
    with servers.running_valkey(tmp_path, tcp=True) as running:
        assert running.password_file
        place = running.tcp_url.removeprefix("redis://").rpartition("@")[2]
        address = f"redis://:{running.password_file.read_text().strip()}@{place}"
        done = engine.run("redis", "keys", REDIS_URL=address)
    assert done.returncode in {0, 1}, done.stderr
    assert "0 keys" in done.stdout


@pytest.mark.slow
def test_ctx(engine: Engine, tmp_path: Path):
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(0o755)  # the image's user is nobody here
    repository(tmp_path, {"pool.py": "class ConnectionPool:\n    def acquire(self): ...\n"})
    done = engine.run("ctx", "search", "acquire", options=("--volume", f"{tmp_path}:/work:ro"))
    assert done.returncode == 0, done.stderr
    assert "pool.py" in done.stdout


@pytest.mark.slow
def test_a_missing_setting_ends_with_2_and_its_name(engine: Engine):
    done = engine.run("spotify", "batch", DATABASE_URL="postgresql://127.0.0.1/none")
    assert done.returncode == 2
    assert "SPOTIFY_CLIENT_ID" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("tool", ["metrics"])
def test_a_service_answers_and_ends_on_sigterm(engine: Engine, tool: str):
    port = servers.free_port()
    command = engine.command(tool, "serve", "--port", str(port))
    with subprocess.Popen(
        command, cwd=tempfile.gettempdir(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as child:
        try:
            assert poll(lambda: answers(f"http://127.0.0.1:{port}/healthz"), 30)
        finally:
            child.terminate()
        assert child.wait(timeout=30) in {0, 143}


def answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=2) as response:
            return response.status == 200
    except OSError:
        return False
