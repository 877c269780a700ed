"""Advisories that are about the same thing, though databases name it differently: groups by union-find over aliases."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

# The leading id of a group: malware first, then what the package's own database says, then the general ones.
_LATE = ("GHSA-", "OSV-", "CVE-", "SNYK-")


class Groups:
    """Ids that belong together, transitively."""

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}

    def join(self, id_: str, aliases: Iterable[str]) -> None:
        """Put an id and its aliases into one group."""
        root = self._root(id_)
        for alias in aliases:
            other = self._root(alias)
            if other != root:
                self._parents[other] = root

    def all(self) -> list[list[str]]:
        """Return every group, the leading id first and the others sorted; the groups in the order of their leaders."""
        members: dict[str, list[str]] = {}
        for id_ in self._parents:
            members.setdefault(self._root(id_), []).append(id_)
        return sorted(sorted(ids, key=_rank) for ids in members.values())

    def _root(self, id_: str) -> str:
        parents = self._parents
        parents.setdefault(id_, id_)
        root = id_
        while parents[root] != root:
            root = parents[root]
        while parents[id_] != root:
            parents[id_], id_ = root, parents[id_]
        return root


def _rank(id_: str) -> tuple[int, str]:
    late = next((at for at, prefix in enumerate(_LATE, start=2) if id_.startswith(prefix)), 1)
    return (0 if id_.startswith("MAL-") else late, id_)
