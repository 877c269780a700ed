"""Every JSON answer has a schema, and what the commands really print fits it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from boombap.cli.main import COMMANDS
from boombap.command.parse import action_parser
from boombap.server.serve import running
from ctx.repositories import repository
from deps.osv import TRUTH, database, record
from deps.wheels import wheels
from flags.runs import leave
from metrics.test_verify import RULES, prometheus
from schemas.validation import FOLDER, NAMES, objects, schema, validated, validators
from spotify.upstream import upstream

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable, Iterator

    from databases import Database

    Make = Callable[["Bench"], Iterator[str]]

RUNS: dict[str, Make] = {}
"""By schema, what gives real answers."""
PAGES = "".join(path.read_text(encoding="utf-8") for path in sorted(FOLDER.parent.glob("*.md")))


class Bench:
    """Runs commands against the servers of one test."""

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        self._request = request
        self.folder = folder
        self.environment: dict[str, str] = {}

    def get(self, fixture: str) -> Any:
        return self._request.getfixturevalue(fixture)

    def run(self, *words: str, codes: tuple[int, ...] = (0,)) -> str:
        done: subprocess.CompletedProcess[str] = self.get("boombap")(*words, **self.environment)
        assert done.returncode in codes, done.stderr
        return done.stdout

    def json(self, *words: str, codes: tuple[int, ...] = (0, 1)) -> str:
        return self.run(*words, "--format", "json", codes=codes)

    def database(self, name: str = "faulty") -> Database:
        found: Database = self.get(name)
        self.environment["DATABASE_URL"] = found.url()
        return found

    def cache(self) -> Any:
        """Give a Valkey with keys of every kind."""
        found = self.get("cache")
        self.environment["REDIS_URL"] = found.url
        for words in (
            ("SET", "lyrics:1", "x"), ("SET", b"raw:\xff", b"\xff\xfe"), ("SET", "artist:1", '{"n": 1}', "EX", 900),
            ("SET", "old:1", b"\x80\x04N."), ("HSET", "artist:2:h", "a", "1"), ("RPUSH", "queue", "a", "b"),
            ("ZADD", "charts", "1.5", "a"), ("SADD", "crates", "a"), ("XADD", "feed", "1-1", "a", "b"),
        ):  # fmt: skip
            found.call(*words)
        return found

    def project(self) -> None:
        """Write a project with a finding, a package without a version, and a file that has a lint."""
        self.environment["BOOMBAP_DEPS_DATABASE"] = database(self.folder.parent, TRUTH)
        Path("requirements.txt").write_text("fastapi==0.104.1\nblack==23.12.1\nredis\n")

    def repository(self) -> None:
        files: dict[str, str | bytes] = {
            "pool.py": "class ConnectionPool:\n    def acquire(self): ...\n",
            "use.py": "from pool import ConnectionPool\n",
            ".env": "TOKEN=x\n",
        }
        repository(self.folder, files)

    def spotify(self) -> Database:
        web, found = self.get("web"), self.database("database")
        found.run("UPDATE tracks SET artist = 'Nas', title = 'Song ' || id, spotify_data = NULL")
        found.run("UPDATE tracks SET spotify_data = jsonb_build_object('id', lpad(id::text, 22, '0')) WHERE id < 900")
        self.environment |= {
            "SPOTIFY_CLIENT_ID": "client",
            "SPOTIFY_CLIENT_SECRET": "Geheimnis",
            "BOOMBAP_SPOTIFY_BASE_URL": f"{web.url}/v1",
            "BOOMBAP_SPOTIFY_ACCOUNTS_URL": web.url,
            "BOOMBAP_SPOTIFY_BUDGET": "100000",
            "REDIS_URL": self.get("cache").url,
        }
        return found


@pytest.fixture
def web() -> Iterator[Any]:
    with upstream() as made:
        yield made


def answers(*names: str) -> Callable[[Make], Make]:
    """Say for which schemas a function gives answers: one after the other where it is told which."""

    def keep(make: Make) -> Make:
        RUNS.update(dict.fromkeys(names, make))
        return make

    return keep


@answers("metrics-verify")
def verification(bench: Bench) -> Iterator[str]:
    Path("rules.yml").write_text(RULES)
    with running(prometheus) as server:
        yield bench.json("metrics", "verify", "--prometheus", server.url, "rules.yml", codes=(1,))


@answers("metrics-status")
def collector_states(bench: Bench) -> Iterator[str]:
    bench.database()
    bench.json("db")
    yield bench.json("metrics", "status", codes=(0, 3))


@answers("flags-list", "flags-status", "flags-evaluate", "flags-history")
def feature_flags(bench: Bench, action: str) -> Iterator[str]:
    words = (action, "db-engine", "rap", "") if action == "evaluate" else (action,)
    yield bench.json("flags", *words)
    bench.run("flags", "set", "db-engine", "--percent", "12.5")
    bench.run("flags", "set", "db-engine", "--percent", "0")
    bench.environment["BOOMBAP_FLAG_CTX_ENGINE"] = "classic"
    bench.repository()
    bench.run("ctx", "search", "acquire")
    yield bench.json("flags", *words)
    bench.environment["BOOMBAP_FLAGS_FILE"] = "gone.json"
    yield bench.json("flags", *words, codes=(0, 3))


@answers("flags-report")
def engines_side_by_side(bench: Bench) -> Iterator[str]:
    yield bench.json("flags", "report", "db-engine", codes=(4,))
    for engine in ("native", "classic"):
        leave("db-engine", engine, 31)
    yield bench.json("flags", "report", "db-engine")


@answers("flags-rollout")
def rollouts(bench: Bench) -> Iterator[str]:
    yield bench.json("flags", "rollout", "start", "db-engine", "--steps", "5,100")
    for step in ("advance", "status", "stop"):
        yield bench.json("flags", "rollout", step, "db-engine")


@answers("flags-shadow")
def shadows(bench: Bench) -> Iterator[str]:
    words = ("flags", "shadow", "status", "ctx-engine")
    yield bench.json(*words, codes=(4,))
    bench.run("flags", "shadow", "start", "ctx-engine", "--deadline", "2s")
    repository(Path.cwd(), {"a.py": "def acquire(): ...\n"})
    bench.run("ctx", "search", "acquire")
    yield bench.json(*words)
    bench.environment |= {"BOOMBAP_TEST": "1", "BOOMBAP_TEST_ENGINE_FAULT": "ctx:error"}
    bench.run("ctx", "search", "acquire")
    yield bench.json(*words, codes=(1,))


@answers("db-diagnose")
def diagnoses(bench: Bench) -> Iterator[str]:
    url = bench.database().url()
    yield bench.json("db")
    yield bench.json("db", "--schema", "--unanalyzed", "--fast", "-n", "3", codes=(4,))
    Path("targets").write_text(f"{url}\ngone postgresql://dj@127.0.0.1:1/rap\n")
    yield bench.json("db", "--targets", "targets", codes=(3,))
    bench.database("empty")
    yield bench.json("db")


@answers("db-health")
def healths(bench: Bench) -> Iterator[str]:
    bench.database()
    yield bench.json("db", "health")
    Path("targets").write_text(f"{bench.environment['DATABASE_URL']}\n")
    yield bench.json("db", "health", "--targets", "targets")


@answers("db-slow")
def slow_statements(bench: Bench) -> Iterator[str]:
    found = bench.database("database")
    found.run("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    found.run("SELECT count(*) FROM tracks")
    text = bench.json("db", "slow")
    assert json.loads(text)["statements"]
    yield text


@answers("db-locks")
def locks(bench: Bench) -> Iterator[str]:
    found = bench.database("database")
    yield bench.json("db", "locks")
    with found.holding("LOCK tracks"), found.waiting("LOCK tracks"):
        yield bench.json("db", "locks", codes=(1,))


@answers("db-snapshot")
def changes(bench: Bench) -> Iterator[str]:
    found = bench.database("database")
    bench.run("db", "snapshot", "save")
    found.run("UPDATE tracks SET lyrics = NULL")
    text = bench.json("db", "snapshot", "diff")
    assert json.loads(text)["changes"]
    yield text


@answers("redis-info", "redis-keys", "redis-acl", "redis-stats")
def readings(bench: Bench, action: str) -> Iterator[str]:
    bench.cache()
    yield bench.json("redis", action)
    if action == "stats":
        yield bench.json("redis", action, "--fast")


@answers("redis-slow")
def slow_logs(bench: Bench) -> Iterator[str]:
    found = bench.cache()
    found.call("CONFIG", "SET", "slowlog-log-slower-than", 0)
    found.call("GET", "artist:1")
    found.call("CONFIG", "SET", "slowlog-log-slower-than", 10_000)
    yield bench.json("redis", "slow")


@answers("redis-clients")
def connected_clients(bench: Bench) -> Iterator[str]:
    bench.cache()
    yield bench.json("redis", "clients")


@answers("redis-streams")
def streams(bench: Bench) -> Iterator[str]:
    found = bench.cache()
    found.call("XGROUP", "CREATE", "feed", "crew", "0")
    found.call("XREADGROUP", "GROUP", "crew", "mc", "STREAMS", "feed", ">")
    yield bench.json("redis", "streams")


@answers("redis-latency")
def latencies(bench: Bench) -> Iterator[str]:
    found = bench.cache()
    found.call("CONFIG", "SET", "latency-monitor-threshold", 1)
    yield bench.json("redis", "latency", "-n", "1000")
    found.call("CONFIG", "SET", "latency-monitor-threshold", 0)


@answers("redis-hot")
def hot_keys(bench: Bench) -> Iterator[str]:
    found = bench.cache()
    yield bench.json("redis", "hot")
    found.call("CONFIG", "SET", "maxmemory-policy", "allkeys-lfu")
    yield bench.json("redis", "hot")
    found.call("CONFIG", "SET", "maxmemory-policy", "noeviction")


@answers("redis-get")
def values(bench: Bench) -> Iterator[str]:
    bench.cache()
    for key in ("lyrics:1", "artist:1", "old:1", "artist:2:h", "queue", "charts", "crates", "feed"):
        yield bench.json("redis", "get", key)


@answers("redis-purge", "redis-expire")
def changed_keys(bench: Bench, action: str) -> Iterator[str]:
    bench.cache()
    words = ("redis", action, "--match", "*", "--everything", *(("--ttl", "1h") if action == "expire" else ()))
    yield bench.json(*words)
    yield bench.json(*words, "--yes")


@answers("redis-backup", "redis-restore")
def backups(bench: Bench, action: str) -> Iterator[str]:
    bench.cache()
    saved = bench.json("redis", "backup", "keys.jsonl")
    yield saved if action == "backup" else bench.json("redis", "restore", "keys.jsonl")


@answers("redis-diff")
def differences(bench: Bench) -> Iterator[str]:
    url = re.sub(r"/0$", "/1", bench.cache().url)
    yield bench.json("redis", "diff", "--to", url)
    bench.run("redis", "copy", "--to", url)
    yield bench.json("redis", "diff", "--to", url, "--fast")


@answers("redis-copy")
def copies(bench: Bench) -> Iterator[str]:
    url = bench.cache().url
    yield bench.json("redis", "copy", "--to", re.sub(r"/0$", "/1", url))


@answers("deps-audit", "deps-check", "deps-report")
def reports(bench: Bench, action: str) -> Iterator[str]:
    yield bench.json("deps", action, codes=(4,))
    bench.project()
    yield bench.json("deps", action, codes=(0, 1, 4))
    if action == "check":
        Path("projects").write_text(".\ngone gone.txt\n")
        yield bench.json("deps", action, "--projects", "projects", codes=(3,))
    if action == "report":
        yield bench.json("deps", action, "--compliance", "nist", codes=(0, 4))


@answers("deps-list")
def inventories(bench: Bench) -> Iterator[str]:
    bench.project()
    yield bench.json("deps", "list", codes=(0,))
    Path("mix.lock").write_text("{}")
    Path("policy.toml").write_text('exclude = { "old" = "not shipped" }\n')
    Path("old").mkdir()
    text = bench.json("deps", "list", "--policy", "policy.toml", codes=(4,))
    assert {item["state"] for item in json.loads(text)["files"]} == {"read", "excluded", "gap"}
    yield text


@answers("deps-licences")
def licences(bench: Bench) -> Iterator[str]:
    bench.project()
    yield bench.json("deps", "licences", codes=(4,))
    entries = {"": {"name": "app"}, "node_modules/a": {"version": "1.0.0", "license": "MIT"}}
    lock = {"name": "app", "lockfileVersion": 3, "packages": entries}
    Path("package-lock.json").write_text(json.dumps(lock))
    yield bench.json("deps", "licences", "package-lock.json", codes=(0,))


@answers("deps-explain")
def advisories(bench: Bench) -> Iterator[str]:
    bench.project()
    yield bench.json("deps", "explain", "CVE-2024-24762")
    yield bench.json("deps", "explain", "CVE-1999-1", codes=(1,))


@answers("deps-gate")
def images_without_a_digest(bench: Bench) -> Iterator[str]:
    Path("pod.yaml").write_text("kind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: app}]}\n")
    Path("broken.yaml").write_text("a: [\n")
    yield bench.json("deps", "gate", "pin", "pod.yaml")
    yield bench.json("deps", "gate", "pin", "pod.yaml", "broken.yaml", codes=(4,))


@answers("deps-verdict")
def image_verdicts(bench: Bench) -> Iterator[str]:
    bench.project()
    image = f"app@sha256:{64 * 'a'}"
    yield bench.json("deps", "verdict", "record", image, "requirements.txt", codes=(4,))
    yield bench.run("deps", "verdict", "export")
    yield bench.json("deps", "verdict", "refresh", codes=(4,))
    Path("requirements.txt").write_text("fastapi==0.104.1\n")
    yield bench.json("deps", "verdict", "record", image, "requirements.txt", codes=(1,))
    known = [*TRUTH, record("MAL-1", "fastapi", {"introduced": "0"})]
    bench.environment["BOOMBAP_DEPS_DATABASE"] = database(bench.folder.parent, known)
    text = bench.json("deps", "verdict", "refresh", codes=(1,))
    assert json.loads(text)["changes"]
    yield text
    yield bench.json("deps", "verdict", "list")
    yield bench.json("deps", "verdict", "show", image)


@answers("deps-update")
def plans(bench: Bench) -> Iterator[str]:
    below = {"introduced": "0"}
    known = [record("PYSEC-1", "vuln", below, {"fixed": "1.2"}), record("PYSEC-2", "hopeless", below)]
    bench.environment["BOOMBAP_DEPS_DATABASE"] = database(bench.folder.parent, known)
    wheels(bench.folder / "wheels", "vuln 1.0", "vuln 1.2", "hopeless 1.0")
    Path("requirements.txt").write_text("--no-index\n--find-links wheels\nvuln==1.0\nhopeless==1.0\n")
    text = bench.json("deps", "update")
    assert json.loads(text)["changes"]
    yield text
    for who in ("AUTHOR", "COMMITTER"):
        bench.environment |= {f"GIT_{who}_NAME": "Ada", f"GIT_{who}_EMAIL": "ada@example.org"}
    for words in (("init", "--quiet"), ("add", "requirements.txt"), ("commit", "--quiet", "--message=Begin")):
        subprocess.run(["git", *words], env={**os.environ, **bench.environment}, check=True)
    text = bench.json("deps", "update", "--branch", "fixes", "--commit")
    assert json.loads(text)["commits"]
    yield text


@answers("spotify-batch", "spotify-refresh", "spotify-audit", "spotify-status", "spotify-warm")
def catalogue(bench: Bench, action: str) -> Iterator[str]:
    found = bench.spotify()
    before = bench.json("spotify", "batch", "--tracks", "990")
    found.run("UPDATE tracks SET artist = 'Somebody Else' WHERE id <= 3")
    if action == "batch":
        yield before
        Path("tracks.csv").write_text("artist,title\nNas,Song 7\nNas,Nothing\n,\n")
        yield bench.json("spotify", "batch", "--from", "tracks.csv", "--dry-run")
    else:
        yield bench.json("spotify", action, *(("--older-than", "1s") if action == "refresh" else ()))
    if action == "audit":
        found.run("UPDATE tracks SET spotify_data = NULL WHERE id = 4; DELETE FROM spotify_tracks")
        text = bench.json("spotify", action, "--verify")
        assert json.loads(text)["verification"]["requests"] == 1
        yield text


@answers("spotify-plan")
def forecasts(bench: Bench) -> Iterator[str]:
    bench.spotify()
    yield bench.json("spotify", "plan")


@answers("spotify-choose")
def choices(bench: Bench) -> Iterator[str]:
    bench.spotify()
    yield bench.json("spotify", "choose", "1", f"{77:022d}")
    yield bench.json("spotify", "choose", "2", f"spotify:track:{77:022d}")


@answers("spotify-forget", "spotify-restore")
def corrections(bench: Bench, action: str) -> Iterator[str]:
    bench.spotify()
    bench.run("spotify", "choose", "1", f"{77:022d}")
    forgotten = bench.json("spotify", "forget", "1", "2", codes=(1,))
    yield forgotten if action == "forget" else bench.json("spotify", "restore", "1", "2", codes=(1,))


@answers("spotify-cooldown")
def bans(bench: Bench) -> Iterator[str]:
    bench.spotify()
    web = bench.get("web")
    yield bench.json("spotify", "cooldown", "show")
    web.trick = lambda asked: (429, {}, {"Retry-After": "7200"}) if asked.path.startswith("/v1") else None
    bench.run("spotify", "batch", "--tracks", "1", codes=(75,))
    yield bench.json("spotify", "cooldown", "clear", "--yes")


@answers("spotify-explain")
def candidates(bench: Bench) -> Iterator[str]:
    bench.spotify()
    yield bench.json("spotify", "explain", "Nas", "Song 7")
    yield bench.json("spotify", "explain", "Nas", "Nothing")


@answers("ctx-search")
def searches(bench: Bench) -> Iterator[str]:
    bench.repository()
    yield bench.run("ctx", "search", "--json", "conection pool")
    yield bench.run("ctx", "search", "--json", "-e", "def ")
    yield bench.run("ctx", "search", "--json", "-e", "nothing like this", codes=(1,))


@answers("ctx-recent")
def recent_files(bench: Bench) -> Iterator[str]:
    bench.repository()
    yield bench.run("ctx", "recent", "--json", "--since", "3650 days")
    yield bench.run("ctx", "recent", "--json", "--since", "3650 days", "pool")


@answers("ctx-related")
def relatives(bench: Bench) -> Iterator[str]:
    bench.repository()
    text = bench.run("ctx", "related", "--json", "--file", "pool.py")
    assert json.loads(text)["files"]
    yield text


@answers("ctx-outline")
def outlines(bench: Bench) -> Iterator[str]:
    bench.repository()
    text = bench.run("ctx", "outline", "--json", "pool.py")
    assert json.loads(text)["definitions"]
    yield text
    yield bench.run("ctx", "outline", "--json", "use.py", codes=(1,))


@answers("ctx-map")
def maps(bench: Bench) -> Iterator[str]:
    bench.repository()
    text = bench.run("ctx", "map", "--json")
    assert json.loads(text)["files"]
    yield text
    yield bench.run("ctx", "map", "--json", "--path", "nowhere", codes=(1,))


@answers("ctx-pack")
def packs(bench: Bench) -> Iterator[str]:
    bench.repository()
    text = bench.run("ctx", "pack", "--json", "conection pool")
    assert json.loads(text)["parts"]
    yield text
    yield bench.run("ctx", "pack", "--json", '"nothing like this"', codes=(1,))


@answers("ctx-index", "ctx-status")
def indexes(bench: Bench, action: str) -> Iterator[str]:
    bench.repository()
    text = bench.run("ctx", action, "--json")
    assert json.loads(text)["skipped"]
    yield text
    if action == "status":
        yield bench.run("ctx", "status", "--prune", "--json")


@answers("config-show")
def settings(bench: Bench) -> Iterator[str]:
    yield bench.json("config", "show")


@answers("config-check")
def problems(bench: Bench) -> Iterator[str]:
    yield bench.json("config", "check", codes=(0,))
    bench.environment["BOOMBAP_CACHE_POOL_SIZE"] = "none"
    text = bench.json("config", "check", codes=(2,))
    assert all(json.loads(text)[key] for key in ("problems", "renamed"))
    yield text


@answers("doctor-check")
def conditions(bench: Bench) -> Iterator[str]:
    bench.database("healthy")
    yield bench.json("doctor")


def texts(name: str, bench: Bench) -> list[str]:
    make: Any = RUNS[name]
    is_told = make.__code__.co_argcount > 1
    return [*(make(bench, name.partition("-")[2]) if is_told else make(bench))]


@pytest.mark.parametrize("name", RUNS)
def test_real_answers_fit(name: str, request: pytest.FixtureRequest, isolated: Path):
    found = texts(name, Bench(request, isolated))
    assert found
    for text in found:
        answer = validated(name, text)
        assert_every_key_is_needed(name, answer)


def assert_every_key_is_needed(name: str, answer: dict[str, Any]) -> None:
    """A schema that lets the keys of a real answer go missing promises nothing."""
    validator = validators(name)[0]
    optional = {key for part in objects(schema(name)) for key in set(part["properties"]) - set(part["required"])}
    for key in set(answer) - optional:
        assert not validator.is_valid({name: value for name, value in answer.items() if name != key}), key
        assert validator.is_valid({**answer, "a_key_of_a_later_version": 1})


def parsers() -> Iterator[tuple[str, ArgumentParser]]:
    for word in COMMANDS:
        for action in COMMANDS[word][0]().TOOL.actions:
            yield f"{word}-{action.name}", action_parser(action, word)


def has_json(parser: ArgumentParser) -> bool:
    forms = [action for action in parser._actions if action.dest == "format"]
    return any("json" in (action.choices or ()) or action.const == "json" for action in forms)


def test_every_answer_has_a_schema_and_a_run():
    wanted = {name for name, parser in parsers() if has_json(parser)}
    assert len(wanted) > 30
    assert set(NAMES) == set(RUNS) == wanted


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_one(name: str):
    found = schema(name)
    Draft202012Validator.check_schema(found)
    assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert found["title"].startswith(f"boombap {name.replace('-', ' ')}")
    assert found["description"].endswith(".")
    assert "additionalProperties" not in found or found["additionalProperties"] is True


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_names_its_form_which_a_page_describes(name: str):
    forms = {part["properties"]["schema"]["const"] for part in objects(schema(name)) if "schema" in part["properties"]}
    assert forms
    assert {form for form in forms if form not in PAGES} == set()


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_requires_what_it_names(name: str):
    """What is optional is so on purpose: parts that were not asked for, evidence, and what an advisory may lack."""
    allowed = {
        "db-diagnose": {"tracks", "analyzers", "connections", "tables", "unanalyzed", "health"},
        "deps-report": {"catalogue", "controls"},
        "deps-verdict": {"packages", "skipped"},
        "deps-explain": {"published", "withdrawn", "aliases", "summary", "details", "severity", "affected"},
    }
    optional = {key for part in objects(schema(name)) for key in set(part["properties"]) - set(part["required"])}
    assert optional == allowed.get(name, set())
