from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from boombap.deps.advisories.alias_groups import Groups

IDS = st.sampled_from([f"CVE-{number}" for number in range(12)])
LINKS = st.lists(st.tuples(IDS, st.lists(IDS, max_size=3)), max_size=12)


def grouped(links: list[tuple[str, list[str]]]) -> list[list[str]]:
    groups = Groups()
    for id_, aliases in links:
        groups.join(id_, aliases)
    return groups.all()


def test_aliases_are_transitive_and_the_packages_own_database_leads():
    links = [("GHSA-1", ["CVE-1"]), ("PYSEC-1", ["CVE-1"]), ("PYSEC-2", []), ("MAL-1", ["PYSEC-3"])]
    assert grouped(links) == [["MAL-1", "PYSEC-3"], ["PYSEC-1", "GHSA-1", "CVE-1"], ["PYSEC-2"]]


@given(LINKS, st.randoms())
def test_the_order_of_records_does_not_matter(links, random):
    shuffled = random.sample(links, len(links))
    assert grouped(shuffled) == grouped(links)


@given(LINKS)
def test_linked_ids_share_a_group_and_every_id_has_one(links):
    groups = grouped(links)
    place = {id_: at for at, group in enumerate(groups) for id_ in group}
    assert len(place) == sum(map(len, groups))
    assert all(place[id_] == place[alias] for id_, aliases in links for alias in aliases)
    # No group is larger than the links make it: what was never linked stays alone.
    alone = {id_ for id_, aliases in links} - {x for id_, aliases in links for x in aliases if x != id_}
    assert all(len(groups[place[id_]]) == 1 for id_ in alone if not any(a for i, a in links if i == id_))
