"""Names in SQL that are found before the search path is pinned.

Every session runs with ``search_path = pg_catalog, pg_temp``: a function or operator that somebody put into ``public``
is never called with our rights. Source: CVE-2018-1058, https://wiki.postgresql.org/wiki/A_Guide_to_CVE-2018-1058

So a query names the schema of everything that is not PostgreSQL's own, by a placeholder:

    ``{path.tracks}``                 the relation that the role's own search path finds; else as ``{current.tracks}``
    ``{current.tracks}``              in the schema where the role's own CREATE TABLE would put it
    ``{extension.vector.halfvec}``    an object of an extension, in the schema of that extension

    ``{current}``                     that schema itself

Within single quotes a placeholder becomes a literal, as in ``to_regclass('{path.tracks}')``; ``'{current}'`` is
the plain name of the schema, as the catalogue has it, or NULL where the role may create nowhere.
"""

from __future__ import annotations

import re

from boombap.errors import ExternalError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    Locate = Callable[[list[str]], Mapping[str, Any]]

PINNED = "SET LOCAL search_path = pg_catalog, pg_temp; "
OWN = "SET LOCAL search_path TO DEFAULT; "
# Qualified to the last operator, because it runs within the role's own search path. A view runs what its owner put into
# it with the reader's rights, so a role with more rights than others reads only views of those who could do all anyway:
# superusers, the role itself, and the owners of the database and of the schema.
LOCATE = """\
SELECT pg_catalog.current_schema() AS schema,
       (SELECT pg_catalog.json_object_agg(wanted.name, pg_catalog.json_build_object(
                   'schema', place.nspname, 'owner', owner.rolname, 'is_foreign',
                   (class.relkind OPERATOR(pg_catalog.=) 'v' OR class.relkind OPERATOR(pg_catalog.=) 'f')
                   AND NOT (owner.rolsuper
                            OR owner.rolname OPERATOR(pg_catalog.=) CURRENT_USER
                            OR owner.oid OPERATOR(pg_catalog.=) place.nspowner
                            OR owner.oid OPERATOR(pg_catalog.=) database.datdba)
                   AND (me.rolsuper OR pg_catalog.pg_has_role(me.oid, 'pg_monitor', 'USAGE'))))
          FROM pg_catalog.unnest(%(relations)s::pg_catalog.text[]) AS wanted (name)
          JOIN pg_catalog.pg_class AS class
            ON class.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(wanted.name)::pg_catalog.oid
          JOIN pg_catalog.pg_namespace AS place ON place.oid OPERATOR(pg_catalog.=) class.relnamespace
          JOIN pg_catalog.pg_roles AS owner ON owner.oid OPERATOR(pg_catalog.=) class.relowner
          JOIN pg_catalog.pg_roles AS me ON me.rolname OPERATOR(pg_catalog.=) CURRENT_USER
          JOIN pg_catalog.pg_database AS database
            ON database.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()) AS relations,
       (SELECT pg_catalog.json_object_agg(extension.extname, place.nspname)
          FROM pg_catalog.pg_extension AS extension
          JOIN pg_catalog.pg_namespace AS place
            ON place.oid OPERATOR(pg_catalog.=) extension.extnamespace) AS extensions
"""
_PLACEHOLDER = re.compile(r"('?)\{(?:current|(path|current)\.(\w+)|extension\.(\w+)\.(\w+|[^\w\s}]+))\}\1")


class SearchPath:
    """Where names are found for one role in one database; the sessions of a pool share it.

    A name that was not found is looked up again, because it may have been created meanwhile.
    """

    def __init__(self) -> None:
        self._schema: str | None = None
        self._relations: dict[str, str] = {}
        self._foreign: dict[str, str] = {}
        self._extensions: dict[str, str] = {}
        self._done: dict[tuple[str, bool], str] = {}

    def qualify(self, sql: str, locate: Locate, *, has_parameters: bool) -> str:
        """Return SQL with its placeholders replaced by quoted names with their schemas.

        Args:
            locate: asks the server where these relations are, by `LOCATE`; called only for what is not known yet.
            has_parameters: whether the driver will replace parameters; a per cent sign in a name is doubled for it.

        Raises:
            ExternalError: for a view of another role, which would run that role's code with our rights.
        """
        if "{" not in sql:
            return sql
        done = self._done.get((sql, has_parameters))
        if done is not None:
            return done
        places = list(_PLACEHOLDER.finditer(sql))
        if not places:
            return sql
        wanted = {place[3] for place in places if place[2] == "path"}
        extensions = {place[4] for place in places if place[4]}
        self._learn(wanted, extensions, locate)
        for place in places:
            # A name in quotes is looked up, not read.
            if place[3] in self._foreign and not place[1]:
                raise self._refusal(place[3])
        done = _PLACEHOLDER.sub(lambda place: self._name(place, has_parameters=has_parameters), sql)
        if wanted <= self._relations.keys() and extensions <= self._extensions.keys():
            self._done[sql, has_parameters] = done
        return done

    def _learn(self, relations: set[str], extensions: set[str], locate: Locate) -> None:
        if self._schema and relations <= self._relations.keys() and extensions <= self._extensions.keys():
            return
        located = locate(sorted(relations))
        self._schema = located["schema"]
        places = located["relations"] or {}
        self._relations |= {name: place["schema"] for name, place in places.items()}
        self._foreign |= {name: place["owner"] for name, place in places.items() if place["is_foreign"]}
        self._extensions |= located["extensions"] or {}

    def _refusal(self, name: str) -> ExternalError:
        view, owner = f"{self._relations[name]}.{name}", self._foreign[name]
        return ExternalError(
            f"{view} is a view of the role {owner}, whose code would run with the rights of this session",
            hint=f"check it, then ALTER VIEW {view} OWNER TO the database's owner, or connect without pg_monitor",
        )

    def _name(self, place: re.Match[str], *, has_parameters: bool) -> str:
        quote, kind, relation, extension, member = place.groups()
        schema = self._extensions.get(extension, self._schema)
        if kind == "path":
            schema = self._relations.get(relation, schema)
        name = relation or member
        if name is not None:
            text = _qualified(schema, name)
            text = _literal(text) if quote else text
        elif quote:
            text = _literal(schema) if schema else "NULL"
        else:
            text = _identifier(schema or "")
        return text.replace("%", "%%") if has_parameters else text


def _qualified(schema: str | None, name: str) -> str:
    # An operator is not quoted.
    name = _identifier(name) if name.isidentifier() else name
    return f"{_identifier(schema)}.{name}" if schema else name


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return ("E" if "\\" in text else "") + "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
