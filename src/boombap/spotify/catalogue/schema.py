"""Are the processor's tables there, and may this role use them; and how they are made.

A version is a file in ``queries/schema``; what is missing is run in order, in one transaction, by the first process
that needs it.
"""

from __future__ import annotations

from boombap.errors import AccessDenied, NotFound, UsageError
from boombap.spotify.queries.load import query

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.clients.postgres.session import Session

VERSION = 3
LOCK_SPACE = 0x73706F74
"""The first number of every advisory lock of this tool ("spot"); the second is 0 for the schema, else a holder."""


def version(session: Session) -> int:
    """Return the version of the tables in this database, 0 when there are none."""
    installed: int = session.read(query("version"))[0]["version"]
    return installed


def is_installed(session: Session) -> bool:
    """Tell whether the tables are there, for commands that only read.

    Raises:
        UsageError: they have another version than this boombap reads.
    """
    installed = version(session)
    if installed not in {0, VERSION}:
        raise _other_version(installed, session.target.label)
    return installed > 0


def require(session: Session) -> None:
    """Make sure that the tables are there, for commands that change what a run left.

    Raises:
        NotFound: they are not.
        UsageError: they have another version than this boombap reads.
    """
    if not is_installed(session):
        raise NotFound(f"no spotify tables at {session.target.label}", hint="`spotify batch` makes them")


def prepare(session: Session) -> None:
    """Create what is missing, and see to it that this role may use everything.

    Raises:
        NotFound: without a table `tracks`.
        AccessDenied: the role may not create or alter tables, or lacks a right on one.
        UsageError: the tables were made by a newer boombap.
    """
    facts = session.read(query("version"))[0]
    _check(facts, session.target.label)
    if facts["version"] < VERSION:
        with session.transaction():
            session.write(query("lock_schema"), {"space": LOCK_SPACE})
            # Asked again: another process may have done it while this one waited.
            for step in range(session.write(query("version"))[0]["version"] + 1, VERSION + 1):
                session.write(query(f"schema/{step}"))
    _require_rights(session, facts["role"])


def check(session: Session) -> int:
    """Return the version of the tables, 0 when there are none, when `prepare` would succeed; nothing is changed.

    Raises:
        NotFound: without a table `tracks`.
        AccessDenied: the role may not create or alter tables, or lacks a right on one.
        UsageError: the tables were made by a newer boombap.
    """
    facts = session.read(query("version"))[0]
    _check(facts, session.target.label)
    _require_rights(session, facts["role"])
    installed: int = facts["version"]
    return installed


def require_removal(session: Session) -> None:
    """Make sure that the tables are there, and that this role may remove verdicts and move metadata aside.

    Raises:
        NotFound: the tables are not there.
        AccessDenied: the role lacks a right.
        UsageError: they have another version than this boombap reads.
    """
    require(session)
    facts = session.read(query("version"))[0]
    _require_rights(session, facts["role"], "removal_rights")


def _require_rights(session: Session, role: str, rights: str = "rights") -> None:
    missing = [row["missing"] for row in session.read(query(rights))]
    if missing:
        raise AccessDenied(
            f"the role {role} lacks {', '.join(missing)} at {session.target.label}",
            hint=f"run as their owner: {_grants(missing, role)}",
        )


def _grants(missing: list[str], role: str) -> str:
    """Return the statements that grant rights such as ``INSERT on spotify_leases``.

    >>> _grants(["SELECT on tracks", "UPDATE on tracks", "DELETE on spotify_leases"], "processor")
    'GRANT SELECT, UPDATE (spotify_data) ON tracks TO "processor"; GRANT DELETE ON spotify_leases TO "processor";'
    """
    by_table: dict[str, list[str]] = {}
    for right, _, table in (text.partition(" on ") for text in missing):
        is_of_the_team = (right, table) == ("UPDATE", "tracks")
        by_table.setdefault(table, []).append("UPDATE (spotify_data)" if is_of_the_team else right)
    quoted = role.replace('"', '""')
    return " ".join(f'GRANT {", ".join(rights)} ON {table} TO "{quoted}";' for table, rights in by_table.items())


def _check(facts: dict[str, object], label: str) -> None:
    installed, role, schema = facts["version"], facts["role"], facts["schema"]
    assert isinstance(installed, int)
    if installed > VERSION:
        raise _other_version(installed, label)
    if facts["foreign_tables"]:
        raise AccessDenied(
            f"{label} has {facts['foreign_tables']}; triggers there would run with the rights of the superuser {role}",
            hint="run the command as the owner of the tables, or give them to the owner of the database",
        )
    if not facts["has_tracks"]:
        raise NotFound(f"no table tracks at {label}", hint="check that this is the platform's database")
    if not installed and not facts["may_create"]:
        raise AccessDenied(
            f"the role {role} may not create the spotify tables in the schema {schema} at {label}",
            hint=f"GRANT CREATE ON SCHEMA {schema} TO {role}, or run the command once as the owner of the database",
        )
    if 0 < installed < VERSION and not facts["may_alter"]:
        raise AccessDenied(
            f"the role {role} may not update the spotify tables at {label} from version {installed} to {VERSION}",
            hint="run the command once as their owner",
        )


def _other_version(installed: int, label: str) -> UsageError:
    return UsageError(
        f"the spotify tables at {label} have version {installed}, and this boombap knows {VERSION}",
        hint="update boombap" if installed > VERSION else "`spotify batch --tracks 1` updates them",
    )
