from __future__ import annotations

import sqlite3
from contextlib import closing

from hypothesis import given
from hypothesis import strategies as st

from boombap.deps.advisories.alias_groups import groups

IDS = st.sampled_from([f"CVE-{number}" for number in range(12)])
LINKS = st.lists(st.tuples(IDS, st.lists(IDS, max_size=3)), max_size=12)


def grouped(
    links: list[tuple[str, list[str]]], kev: dict[str, str] | None = None, epss: tuple[tuple[str, float], ...] = ()
) -> list[tuple[list[str], str, float | None]]:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE advisories (id INTEGER PRIMARY KEY, name TEXT, aliases TEXT, is_withdrawn)")
        rows = ((name.removeprefix("-"), " ".join(aliases), name[0] == "-") for name, aliases in links)
        database.executemany("INSERT INTO advisories VALUES (NULL, ?, ?, ?)", rows)
        return [tuple(group) for group in groups(database, kev or {}, epss)]  # type: ignore[misc]


def ids(links: list[tuple[str, list[str]]]) -> list[list[str]]:
    return [members for members, _, _ in grouped(links)]


def joined(links: list[tuple[str, list[str]]]) -> list[set[str]]:
    """Group by joining sets: slow, and plainly right."""
    sets: list[set[str]] = []
    for id_, aliases in links:
        new = {id_, *aliases}
        apart = [one for one in sets if not one & new]
        sets = [*apart, new.union(*(one for one in sets if one & new))]
    return sets


def test_aliases_are_transitive_and_the_packages_own_database_leads():
    links = [("GHSA-1", ["CVE-1"]), ("PYSEC-1", ["CVE-1"]), ("PYSEC-2", []), ("MAL-1", ["PYSEC-3"])]
    assert ids(links) == [["PYSEC-1", "GHSA-1", "CVE-1"], ["PYSEC-2"], ["MAL-1", "PYSEC-3"]]


def test_what_was_withdrawn_joins_nothing():
    assert ids([("-PYSEC-1", ["CVE-1"]), ("GHSA-1", ["CVE-1"])]) == [["PYSEC-1"], ["GHSA-1", "CVE-1"]]


def test_an_id_in_another_case_is_the_same():
    assert ids([("PYSEC-1", ["cve-1"]), ("GHSA-1", ["CVE-1"])]) == [["PYSEC-1", "GHSA-1", "CVE-1"]]


def test_the_worst_of_a_group_counts():
    links = [("PYSEC-1", ["CVE-1", "CVE-2"]), ("PYSEC-2", ["CVE-3"])]
    kev = {"CVE-1": "2026-02-01", "CVE-2": "2026-01-01", "CVE-9": "2020-01-01"}
    found = grouped(links, kev, (("CVE-1", 0.1), ("CVE-2", 0.7), ("CVE-3", 0.0), ("CVE-9", 1.0)))
    assert [(day, chance) for _, day, chance in found] == [("2026-01-01", 0.7), ("", 0.0)]
    assert grouped(links)[0][1:] == ("", None)


def test_nothing_at_all():
    assert grouped([]) == []


@given(LINKS, st.randoms())
def test_the_order_of_records_does_not_matter(links, random):
    shuffled = random.sample(links, len(links))
    assert sorted(ids(shuffled)) == sorted(ids(links))


@given(LINKS)
def test_groups_are_those_of_joined_sets(links):
    found = ids(links)
    assert sorted(map(sorted, found)) == sorted(map(sorted, joined(links)))


def test_a_long_chain_takes_time_in_proportion():
    chain = [(f"CVE-{number}", [f"CVE-{number + 1}"]) for number in range(20_000)]
    assert [len(members) for members in ids(chain)] == [20_001]
