"""The Spotify processor in the tour: an emulated Web API, 1,000 tracks matched, and a second run without a request."""

from __future__ import annotations

import shlex
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlencode

from boombap.clients.postgres.session import Limits, Session
from boombap.demo import sample
from boombap.errors import BoombapError
from boombap.local import valkey

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.clients.postgres.target import Target
    from boombap.demo.stage import Stage

_PORT = 8_099
_TRACKS = 1_000
_DATABASE = "boombap_tour"
_CREATE = f"CREATE DATABASE {_DATABASE}"
_DROP = f"DROP DATABASE IF EXISTS {_DATABASE}"
# The emulator takes any number of requests; the default is Spotify's pace.
_BUDGET = 100_000


def show(stage: Stage, target: Target) -> None:
    """Match a small sample in a database of its own, so that the tables of an earlier run change nothing."""
    with _scratch(stage, target) as url, _cache(stage) as redis_url:
        own = stage.replace(settings=(*stage.settings, ("DATABASE_URL", url), ("REDIS_URL", redis_url)))
        own = own.replace(settings=(*own.settings, ("REDIS_PASSWORD", "")))
        with _emulator(own) as api:
            stage.say(f"an emulated Spotify Web API runs at {api}; nothing leaves this machine")
            own = own.replace(settings=(*own.settings, *_settings(api)))
            own.run("spotify", "batch", f"--tracks={_TRACKS}")
            took_s = own.run("spotify", "batch", f"--tracks={_TRACKS}")
            stage.say(
                f"the second run took {1000 * took_s:.0f} ms and made no request: what has a result is not asked for"
            )
            own.run("spotify", "explain", "E-40", "Tell Me When to Go")


def lines_for_a_shell(database_url: str, port: int = _PORT) -> list[str]:
    """Return what a person types to have the tracks of a database matched by an emulator on a port."""
    settings = (("DATABASE_URL", database_url), *_settings(f"http://127.0.0.1:{port}"))
    return [
        *(f"export {name}={shlex.quote(value)}" for name, value in settings),
        f"boombap spotify emulate --from-db --port {port} &",
        f"spotify-processor batch --tracks={_TRACKS}",
    ]


def _settings(api: str) -> tuple[tuple[str, str], ...]:
    return (
        ("SPOTIFY_CLIENT_ID", "any"),
        ("SPOTIFY_CLIENT_SECRET", "any"),
        ("BOOMBAP_SPOTIFY_BASE_URL", f"{api}/v1"),
        ("BOOMBAP_SPOTIFY_ACCOUNTS_URL", api),
        ("BOOMBAP_SPOTIFY_BUDGET", f"{_BUDGET}"),
    )


@contextmanager
def _scratch(stage: Stage, target: Target) -> Iterator[str]:
    """Yield the URL of a database with a sample, which is dropped in the end."""
    with closing(Session(target, Limits(), stage.interrupt)) as session:
        session.alone(_DROP)
        session.alone(_CREATE)
        try:
            own = target.at(_DATABASE)
            with closing(Session(own, Limits(), stage.interrupt)) as loader:
                sample.load(loader, sample.Scale(_TRACKS), faults=False)
            yield f"postgresql:///?{urlencode(own.parameters)}"
        finally:
            session.alone(_DROP)


@contextmanager
def _cache(stage: Stage) -> Iterator[str]:
    """Yield the URL of a Valkey that nobody else uses."""
    with tempfile.TemporaryDirectory(prefix="boombap-demo-") as place:
        base = Path(place) / "local"
        try:
            yield valkey.start(base, sleep=stage.interrupt.sleep).url
        finally:
            valkey.stop(base)


@contextmanager
def _emulator(stage: Stage) -> Iterator[str]:
    """Yield the address of a Web API that has the tracks of the database.

    Raises:
        BoombapError: when it does not start.
    """
    with stage.started("spotify", "emulate", "--from-db", "--quiet") as child:
        assert child.stdout, "a pipe"
        api = child.stdout.readline().decode().strip()
        if not api.startswith("http"):
            raise BoombapError(f"`boombap spotify emulate --from-db` did not start: {api}")
        yield api
