"""The databases as a service that answers like OSV's: /v1/query, /v1/querybatch and /v1/vulns/ID, for a whole team.

Source: OSV's API documentation. Queries by commit are refused: the databases know versions.
"""

from __future__ import annotations

from urllib.parse import unquote

from boombap.deps.advisories.database import open_database, present
from boombap.deps.match import holds
from boombap.deps.model import ECOSYSTEMS
from boombap.deps.package_names import normalise
from boombap.deps.versions.key import sort_key
from boombap.errors import BoombapError, NoVerdict
from boombap.server import bearer
from boombap.server.answer import answer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from wsgiref.types import StartResponse, WSGIApplication

    from boombap.deps.advisories.database import Database

_MOST_QUERIES = 1000
_PURL_TYPES = {
    "pypi": "PyPI",
    "npm": "npm",
    "golang": "Go",
    "cargo": "crates.io",
    "gem": "RubyGems",
    "composer": "Packagist",
    "maven": "Maven",
}


class Refused(ValueError):
    """A question that cannot be answered, and why."""


def application(folder: str) -> WSGIApplication:
    """Return the service over the databases in a folder; a request reads them as they are then."""

    def serve(environ: Mapping[str, object], start: StartResponse) -> Iterable[bytes]:
        import orjson

        try:
            status, found = _answer(folder, environ)
        except (Refused, orjson.JSONDecodeError) as error:
            status, found = 400, {"code": 3, "message": str(error)}
        except BoombapError as error:
            status, found = 503, {"code": 14, "message": str(error)}
        return answer(start, status, orjson.dumps(found))

    return serve


def protected(app: WSGIApplication, token: str) -> WSGIApplication:
    """Return the service for clients that send a bearer token; any other one gets 401.

    Raises:
        ConfigError: for a token that does not fit into a header.
    """
    body = b'{"code":16,"message":"the service needs a bearer token"}'
    return bearer.protected(app, token, "deps.serve_token", body=body)


def _answer(folder: str, environ: Mapping[str, object]) -> tuple[int, object]:
    path, method = str(environ["PATH_INFO"]), environ["REQUEST_METHOD"]
    if method == "GET" and path.startswith("/v1/vulns/"):
        return _vulnerability(folder, unquote(path.removeprefix("/v1/vulns/")))
    if method != "POST" or path not in ("/v1/query", "/v1/querybatch"):
        return 404, {"code": 5, "message": "there are /v1/query, /v1/querybatch and /v1/vulns/ID"}
    asked = _body(environ)
    _require_databases(folder)
    if path == "/v1/query":
        return 200, _query(folder, asked, has_documents=True)
    queries = asked.get("queries")
    if not isinstance(queries, list) or len(queries) > _MOST_QUERIES:
        raise Refused(f"queries must be a list of at most {_MOST_QUERIES}")
    return 200, {"results": [_query(folder, one, has_documents=False) for one in queries]}


def _require_databases(folder: str) -> None:
    """Refuse to answer without any database: clients take "not found" for "not affected"."""
    if not present(folder):
        raise NoVerdict(f"there are no databases in {folder}", hint="run `boombap deps sync`")


def _body(environ: Mapping[str, object]) -> Mapping[str, object]:
    import orjson

    stream = environ["wsgi.input"]
    asked = orjson.loads(stream.read(int(str(environ.get("CONTENT_LENGTH") or 0))))  # type: ignore[attr-defined]
    if not isinstance(asked, dict):
        raise Refused("the body must be a JSON object")
    return asked


def _vulnerability(folder: str, id_: str) -> tuple[int, object]:
    import orjson

    _require_databases(folder)
    for ecosystem in present(folder):
        with _opened(folder, ecosystem) as database:
            for name, document in database.documents(id_):
                if name.lower() == id_.lower():
                    return 200, orjson.loads(document)
    return 404, {"code": 5, "message": "Bug not found."}


class _opened:  # noqa: N801 - reads as a verb
    """A database for the length of a block."""

    def __init__(self, folder: str, ecosystem: str) -> None:
        self._database = open_database(folder, ecosystem)

    def __enter__(self) -> Database:
        if self._database is None:
            raise Refused("no advisory database for this ecosystem")
        return self._database

    def __exit__(self, *_: object) -> None:
        if self._database:
            self._database.close()


def _query(folder: str, asked: object, *, has_documents: bool) -> Mapping[str, object]:
    import orjson

    ecosystem, name, version = _package(asked)
    # The name becomes part of a path.
    if ecosystem not in ECOSYSTEMS:
        raise Refused("no advisory database for this ecosystem")
    key = sort_key(ecosystem, version) if version else None
    if version and key is None:
        # Clients take an empty answer for "not affected".
        raise Refused(f"{version!r} is not a valid {ecosystem} version, so it cannot be compared")
    with _opened(folder, ecosystem) as database:
        rows = list(database.about([normalise(ecosystem, name)]))
        if key is not None:
            rows = [row for row in rows if holds(row[1], key)]
        ids = sorted({str(row[3]) for row in rows})
        if not ids:
            return {}
        found = database.records(ids)
    documents = [orjson.loads(document) for document in found]
    if not has_documents:
        documents = [{"id": one["id"], "modified": one.get("modified", "")} for one in documents]
    return {"vulns": documents}


def _package(asked: object) -> tuple[str, str, str]:
    package = asked.get("package") if isinstance(asked, dict) else None
    if not isinstance(asked, dict) or not isinstance(package, dict):
        raise Refused("a query needs a package")
    version = asked.get("version") or ""
    if purl := package.get("purl"):
        ecosystem, name, at = _from_purl(str(purl))
        return ecosystem, name, str(version or at)
    named, within = package.get("name"), package.get("ecosystem")
    if not isinstance(named, str) or not isinstance(within, str) or not isinstance(version, str):
        raise Refused("a package needs name and ecosystem, or a purl")
    return within.partition(":")[0], named, version


def _from_purl(purl: str) -> tuple[str, str, str]:
    kind, _, rest = purl.removeprefix("pkg:").partition("?")[0].partition("#")[0].partition("/")
    # The scope of an npm package begins with "@" too, where it is not written as %40.
    namespace, slash, last = rest.rpartition("/")
    last, _, version = last.partition("@")
    path = namespace + slash + last
    if not last:
        raise Refused("a purl without a name")
    if kind not in _PURL_TYPES:
        raise Refused("a purl of another kind")
    ecosystem = _PURL_TYPES[kind]
    name = unquote(path)
    return ecosystem, name.replace("/", ":", 1) if ecosystem == "Maven" else name, unquote(version)
