from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.deps.manifest import readers
from boombap.deps.manifest.safe_text import Malformed
from deps.trees import collector, gaps, pins

V3 = {
    "name": "sample",
    "lockfileVersion": 3,
    "packages": {
        "": {
            "name": "sample",
            "dependencies": {"express": "^4", "old-lodash": "npm:lodash@4.17.20"},
            "devDependencies": {"@types/node": "*"},
            "workspaces": ["web"],
        },
        "node_modules/express": {
            "version": "4.18.2",
            "resolved": "https://pkg.example.org/express/-/express-4.18.2.tgz",
        },
        "node_modules/express/node_modules/debug": {"version": "2.6.9"},
        "node_modules/debug": {"version": "4.3.4", "devOptional": True},
        "node_modules/@types/node": {"version": "20.0.0", "dev": True},
        "node_modules/old-lodash": {"name": "lodash", "version": "4.17.20"},
        "node_modules/fsevents": {"version": "2.3.3", "optional": True},
        "node_modules/web": {"resolved": "web", "link": True},
        "web": {"name": "web", "version": "1.0.0", "dependencies": {"debug": "2"}},
        "node_modules/forked": {"version": "1.0.0", "resolved": "git+ssh://git@git.example.org/forked.git#00"},
        "node_modules/private": {"version": "1.0.0", "resolved": "https://pkg.example.org/download/private/1.0.0/00"},
        "node_modules/far": {"version": "https://files.example.org/far.tgz"},
        "node_modules/near": {"version": "file:../near"},
    },
}
V1 = {
    "lockfileVersion": 1,
    "dependencies": {
        "a": {
            "version": "1.0.0",
            "requires": {"b": "^2"},
            "dependencies": {"b": {"version": "2.0.0", "dev": True}},
        },
        "b": {"version": "3.0.0"},
        "alias": {"version": "npm:@real/name@4.17.20"},
        "g": {"version": "git+https://git.example.org/g.git#00"},
    },
}


def text(value: object) -> str:
    return json.dumps(value, indent=2)


def test_version_3_with_aliases_links_and_scopes():
    document = text(V3)
    found = collector(readers.package_lock, document)
    assert {(one.name, one.version): (one.scope, one.is_direct) for one in found.dependencies} == {
        ("express", "4.18.2"): ("runtime", True),
        ("debug", "2.6.9"): ("runtime", False),
        ("debug", "4.3.4"): ("optional", True),
        ("@types/node", "20.0.0"): ("dev", True),
        ("lodash", "4.17.20"): ("runtime", True),
        ("fsevents", "2.3.3"): ("optional", False),
        ("private", "1.0.0"): ("runtime", False),
    }
    lines = document.split("\n")
    assert (
        '"node_modules/old-lodash": {'
        in lines[next(one.line for one in found.dependencies if one.name == "lodash") - 1]
    )
    assert [reason for _, reason, _ in gaps(found)] == [
        "comes from version control",
        "comes from an address, not from the index",
        "comes from a local folder or file",
    ]


def test_version_1_is_a_tree():
    document = text(V1)
    found = collector(readers.package_lock, document)
    assert [(name, version) for name, version, _ in pins(found)] == [
        ("a", "1.0.0"),
        ("b", "2.0.0"),
        ("b", "3.0.0"),
        ("@real/name", "4.17.20"),
    ]
    lines = document.split("\n")
    assert [lines[line - 1].strip() for _, _, line in pins(found)] == ['"a": {', '"b": {', '"b": {', '"alias": {']
    assert [one.scope for one in found.dependencies][1] == "dev"
    assert gaps(found)[0][1] == "comes from version control"


@pytest.mark.parametrize(
    "document",
    [
        "",
        "[]",
        "{",
        "{}x",
        '{"packages": []}',
        '{"packages": {"node_modules/a": 1}}',
        '{"dependencies": {"a": 1}}',
        '{"dependencies": 1}',
    ],
)
def test_another_shape_is_an_error(document: str):
    with pytest.raises(Malformed):
        collector(readers.package_lock, document)


def test_the_line_of_the_error_is_named():
    with pytest.raises(Malformed) as caught:
        collector(readers.package_lock, '{\n"packages": {\n"a": ,\n}}')
    assert caught.value.line == 3


def test_deep_json_is_an_error():
    with pytest.raises(Malformed) as caught:
        collector(readers.package_lock, '{"a":\n' + "[" * 200_000)
    assert (caught.value.reason, caught.value.line) == ("is nested too deeply", 2)


def test_a_deep_tree_is_read_without_recursion():
    inner: dict[str, object] = {"version": "1.0.0"}
    for _ in range(150):
        inner = {"version": "1.0.0", "dependencies": {"a": inner}}
    assert len(collector(readers.package_lock, text({"dependencies": {"a": inner}})).dependencies) == 151


def test_package_json_names_what_is_not_pinned():
    wishes = {"dependencies": {"a": "1.2.3", "b": "^2", "c": "npm:d@1.0.0"}, "devDependencies": {"e": "github:x/e"}}
    found = collector(readers.package_json, text(wishes))
    assert pins(found) == [("a", "1.2.3", 3), ("d", "1.0.0", 0)] or pins(found)[0] == ("a", "1.2.3", 3)
    assert gaps(found) == [("b ^2", "not pinned to a version", 4), ("e github:x/e", "comes from version control", 8)]


PATHS = st.lists(st.sampled_from(["a", "b", "@s/c", 'q"uote', "ünder"]), min_size=1, max_size=3).map(
    lambda names: "".join(f"/node_modules/{name}" for name in names)[1:]
)


@given(st.dictionaries(PATHS, st.from_regex(r"[0-9]\.[0-9]\.[0-9]", fullmatch=True), max_size=8), st.booleans())
def test_every_package_is_read_with_its_line(packages: dict[str, str], is_ascii):
    value = {"packages": {"": {}, **{path: {"version": version} for path, version in packages.items()}}}
    document = json.dumps(value, indent=1, ensure_ascii=is_ascii)
    found = collector(readers.package_lock, document)
    expected = [(path.rpartition("node_modules/")[2], version) for path, version in packages.items()]
    assert [(name, version) for name, version, _ in pins(found)] == expected
    lines = document.split("\n")
    for path, (_, _, line) in zip(packages, pins(found), strict=True):
        assert json.loads("{" + lines[line - 1] + "}}") == {path: {}}
