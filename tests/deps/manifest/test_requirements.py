from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import InvalidRequirement, Requirement

from boombap.deps.manifest.pypi.include_boundary import IncludeBoundary
from boombap.deps.manifest.pypi.requirements import exact_version, logical_lines
from boombap.deps.manifest.pypi.requirements import read as read_requirements
from boombap.deps.manifest.read import read
from deps.trees import gaps, pins, reading, write


def from_text(tmp_path: Path, text: str | bytes):
    return reading(tmp_path / "p", {"requirements.txt": text})


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("fastapi==0.104.1", ("fastapi", "0.104.1")),
        ("  Fast_API [all, x] == 0.104.1  # why", ("Fast_API", "0.104.1")),
        ("a===2-weird", ("a", "2-weird")),
        ("a==1!2.0.post1+local.7", ("a", "1!2.0.post1+local.7")),
        ("a==1.0 ; python_version < '3.8' and sys_platform == 'win32'", ("a", "1.0")),
        ("a==1.0;python_version<'3.8'", ("a", "1.0")),
        ("a (==1.0)", ("a", "1.0")),
        ("a==1.0,!=1.1", ("a", "1.0")),
        ("a>=0.5,==1.0", ("a", "1.0")),
        ("a==1.0 --hash=sha256:00 --hash=sha256:01", ("a", "1.0")),
        ("a==1.0 --config-settings x=y", ("a", "1.0")),
        ("it @ https://files.example.org/it-1.2-py3-none-any.whl#sha256=0", ("it", "1.2")),
        ("https://files.example.org/it_all-1.2%2Bcpu-cp311-cp311-linux_x86_64.whl", ("it-all", "1.2+cpu")),
        ("./wheels/it-1.2.tar.gz", ("it", "1.2")),
    ],
)
def test_what_pins(tmp_path: Path, line: str, expected: tuple[str, str]):
    found = from_text(tmp_path, f"\n{line}\n")
    assert pins(found) == [(*expected, 2)]
    assert found.skipped == ()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("a", "not pinned to a version"),
        ("a>=1", "not pinned to a version"),
        ("a~=1.0", "not pinned to a version"),
        ("a==1.*", "not pinned to a version"),
        ("a!=1.0", "not pinned to a version"),
        ("a[x]<2 ; python_version>'3'", "not pinned to a version"),
        ("a === ", "not pinned to a version"),
        ("git+https://git.example.org/it@v1#egg=it", "comes from version control"),
        ("it @ git+ssh://git@git.example.org/it.git", "comes from version control"),
        ("-e git+https://git.example.org/it#egg=it", "comes from version control"),
        ("-e .", "comes from a local folder or file"),
        ("--editable=./src", "comes from a local folder or file"),
        ("./src", "comes from a local folder or file"),
        ("it @ file:///srv/it", "comes from a local folder or file"),
        ("it @ https://files.example.org/latest", "comes from an address, not from the index"),
        ("-r https://files.example.org/base.txt", "is at an address"),
        ("a ? b", "cannot be understood"),
    ],
)
def test_what_does_not_pin_is_named_with_a_reason(tmp_path: Path, line: str, reason: str):
    found = from_text(tmp_path, f"\n\n{line}\n")
    assert found.dependencies == ()
    assert [(one.reason, one.line) for one in found.skipped] == [(reason, 3)]


def test_an_unpinned_entry_says_how_to_pin_it(tmp_path: Path):
    (one,) = from_text(tmp_path, "fastapi>=0.100\n").skipped
    assert one.pin == "write fastapi==VERSION"


def test_options_are_no_packages(tmp_path: Path):
    found = from_text(tmp_path, "--index-url https://pkg.example.org/simple\n-f wheels\n--no-binary :all:\n--pre\n")
    assert (found.dependencies, found.skipped) == ((), ())


def test_continued_lines_and_comments(tmp_path: Path):
    text = "a==1 \\\n    --hash=sha256:0 \\\n    --hash=sha256:1\n# b==1\nc==2 # x \\\nd==3 \\\n  # why \\\n\ne==4\\\n"
    # A backslash at the end of a comment continues it, so pip does not see d either.
    assert pins(from_text(tmp_path, text)) == [("a", "1", 1), ("c", "2", 5), ("e", "4", 9)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_encoding_that_editors_write(tmp_path: Path, encoding: str, end: str):
    text = end.join(("# größe", "a==1 \\", "  --hash=sha256:0", "b==2", ""))
    assert pins(from_text(tmp_path, text.encode(encoding))) == [("a", "1", 2), ("b", "2", 4)]


def test_utf_16_without_a_mark_is_an_error_that_names_the_line(tmp_path: Path):
    (one,) = from_text(tmp_path, "a==1\n".encode("utf-16-le")).skipped
    assert (one.is_failure, one.reason, one.line) == (True, "is not a text: it holds NUL", 1)


def test_a_broken_byte_order_mark_is_an_error(tmp_path: Path):
    (one,) = from_text(tmp_path, b"\xff\xfea").skipped
    assert (one.is_failure, one.reason) == (True, "is not valid UTF-16")


def test_an_empty_file_gives_nothing(tmp_path: Path):
    found = from_text(tmp_path, "")
    assert (found.dependencies, found.skipped) == ((), ())
    assert len(found.files) == 1


def test_100_000_lines_are_fast(tmp_path: Path):
    text = "".join(f"package-{i}==1.{i} ; python_version > '3.8'\n" for i in range(100_000))
    begun = time.process_time()
    found = from_text(tmp_path, text)
    assert len(found.dependencies) == 100_000
    assert time.process_time() - begun < 5


@pytest.mark.parametrize(
    "line", ["a" * 100_000, "[" * 50_000, "a==" + "1." * 50_000 + "!", "-" * 50_000, " " * 90_000 + "#"]
)
def test_no_line_takes_long(tmp_path: Path, line: str):
    begun = time.process_time()
    from_text(tmp_path, line)
    assert time.process_time() - begun < 2


def test_nested_files_count_once_and_name_themselves(tmp_path: Path):
    root = tmp_path / "p"
    found = reading(
        root,
        {
            "requirements.txt": "-r requirements/base.txt\n-rrequirements/dev.txt\na==1\n",
            "requirements/base.txt": "b==2\n",
            "requirements/dev.txt": "--requirement=base.txt\nc==3\n",
        },
    )
    assert {(one.file.removeprefix(f"{root}/"), one.name) for one in found.dependencies} == {
        ("requirements.txt", "a"),
        ("requirements/base.txt", "b"),
        ("requirements/dev.txt", "c"),
    }
    assert len(found.dependencies) == 3
    assert {one.name: one.scope for one in found.dependencies} == {"a": "runtime", "b": "runtime", "c": "dev"}


def test_a_cycle_ends(tmp_path: Path):
    found = reading(
        tmp_path / "p", {"requirements.txt": "-r more.txt\na==1\n", "more.txt": "-r requirements.txt\nb==1\n"}
    )
    assert sorted(name for name, _, _ in pins(found)) == ["a", "b"]


def test_a_long_chain_ends(tmp_path: Path):
    files: dict[str, str | bytes] = {f"{i}.txt": f"-r {i + 1}.txt\n" for i in range(1_000)}
    found = reading(tmp_path / "p", {"requirements.txt": "-r 0.txt\n", **files})
    assert [one.reason for one in found.skipped] == ["is more than 50 files deep"]


@pytest.mark.parametrize(("way", "is_read"), [("../base.txt", True), ("../../base.txt", False), ("../id_rsa", False)])
def test_a_reference_may_lead_through_the_git_work_tree(way: str, is_read: bool, tmp_path: Path):
    write(tmp_path, {"base.txt": "a==1\n", "tree/base.txt": "b==1\n", "tree/id_rsa": "c==1\n", "tree/.git/HEAD": ""})
    found = reading(tmp_path / "tree" / "svc", {"requirements.txt": f"-r {way}\n"})
    assert [name for name, _, _ in pins(found)] == (["b"] if is_read else [])
    assert [one.is_failure for one in found.skipped] == ([] if is_read else [True])


@pytest.mark.parametrize("way", ["../secret.txt", "sub/../../secret.txt", "link.txt", "{absolute}"])
def test_no_reference_leads_out_unless_told(tmp_path: Path, way: str):
    write(tmp_path, {"secret.txt": "token-abc\nb==1\n", "p/sub/x": ""})
    (tmp_path / "p" / "link.txt").symlink_to(tmp_path / "secret.txt")
    files: dict[str, str | bytes] = {"requirements.txt": f"-r {way.format(absolute=tmp_path / 'secret.txt')}\n"}
    found = reading(tmp_path / "p", files)
    assert [(one.reason, one.is_failure) for one in found.skipped] == [("leads out of the audited folder", True)]
    assert found.dependencies == ()
    assert [name for name, _, _ in pins(reading(tmp_path / "p", files, may_leave=True))] == ["b"]


def test_a_missing_reference_is_a_failure_that_names_both(tmp_path: Path):
    found = from_text(tmp_path, "\n-r gone.txt\n")
    (one,) = found.skipped
    assert one.is_failure
    assert one.file.endswith("gone.txt")
    assert "requirements.txt, line 2" in one.reason


def test_constraints_pin_what_is_not_pinned(tmp_path: Path):
    files: dict[str, str | bytes] = {
        "requirements.txt": "-c constraints.txt\nRequests>=2\nother\n",
        "constraints.txt": "requests==2.31.0\nidna==3.6\nurllib3<3\n",
    }
    found = reading(tmp_path / "p", files)
    assert sorted(pins(found)) == [("idna", "3.6", 2), ("requests", "2.31.0", 2)]
    assert {one.name: one.is_direct for one in found.dependencies}["idna"] is False
    assert [one.what for one in found.skipped] == ["other"]


SECRETS = [
    "it @ https://me:s3cret@files.example.org/x",
    "-r https://s3cret@files.example.org/x.txt",
    "-e git+https://s3cret:x-oauth@git.example.org/it",
    "it @ https://files.example.org/it-1.0-py3-none-any.whl?token=s3cret",
    "it @ git+https://ghp_s3cret0123456789@git.example.org/x",
    "it @ https://files.example.org/ghp_s3cret0123456789/x",
    "https://u:s3cret@files.example.org/it-1.0.tar.gz",
    "-c https://u:s3cret@files.example.org/c.txt",
    "?? https://u:s3cret@files.example.org",
]


@pytest.mark.parametrize("line", SECRETS)
def test_no_token_gets_out(tmp_path: Path, line: str):
    assert "s3cret" not in repr(from_text(tmp_path, f"{line}\n--index-url https://u:s3cret@pkg.example.org/simple\n"))


NAMES = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,12}[A-Za-z0-9])?", fullmatch=True)
VERSIONS = st.from_regex(
    r"[0-9]{1,3}(\.[0-9]{1,3}){0,3}((a|b|rc)[0-9]{1,2})?(\.post[0-9])?(\+[a-z0-9]{1,4})?", fullmatch=True
)
SPECIFIERS = st.lists(
    st.tuples(st.sampled_from(["==", ">=", "<", "!=", "<=", ">"]), VERSIONS.map(lambda text: text.partition("+")[0])),
    max_size=3,
).map(lambda parts: ",".join(operator + version for operator, version in parts))
SPACE = st.sampled_from(["", " ", "  "])


LINES = st.tuples(
    NAMES,
    SPACE,
    st.sampled_from(["", "[a]", "[a,b-c]"]),
    SPACE,
    SPECIFIERS,
    SPACE,
    st.sampled_from(["", "; python_version > '3'"]),
).map("".join)


@given(LINES)
def test_packaging_agrees(line: str):
    try:
        oracle = Requirement(line)
    except InvalidRequirement:
        return
    found = read_text(line)
    exact = [one.version for one in oracle.specifier if one.operator == "==" and "*" not in one.version]
    if exact:
        ((ours, version, _),) = pins(found)
        assert ours == oracle.name
        assert version in exact
    else:
        assert pins(found) == []
        assert len(found.skipped) == 1


def read_text(text: str):
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "requirements.txt")
        path.write_text(text, encoding="utf-8")
        return read_requirements(str(path), "requirements.txt", IncludeBoundary(folder))[0]


@given(st.lists(st.tuples(NAMES, VERSIONS, st.integers(0, 3), st.booleans()), max_size=12))
def test_what_is_written_is_read(entries: list[tuple[str, str, int, bool]]):
    lines, expected = [], []
    for name, version, hashes, is_commented in entries:
        expected.append((name, version, len(lines) + 1))
        lines.append(f"{name}=={version}" + (" \\" if hashes else ""))
        lines += [f"    --hash=sha256:{at:064x}" + (" \\" if at + 1 < hashes else "") for at in range(hashes)]
        if is_commented:
            lines.append("    # via something")
    assert pins(read_text("\n".join(lines) + "\n")) == expected


@given(st.text(max_size=300))
def test_no_text_raises(text: str):
    list(logical_lines(text))
    exact_version(text)


# Without the letter r: "-r1" would name another file.
@given(st.text(st.sampled_from("ab=.1 \\\n#-q@[];:/\t"), max_size=80))
def test_every_entry_is_somewhere(text: str):
    entries = [entry for _, entry in logical_lines(text)]
    found = read_text(text)
    shown = len(found.dependencies) + len(found.skipped)
    options = sum(entry.strip().startswith("-") for entry in entries)
    assert len(entries) - options <= shown <= len(entries)


def test_a_named_file_of_another_name_is_read(tmp_path: Path):
    write(tmp_path, {"deploy.in": "a==1\n"})
    assert pins(read([str(tmp_path / "deploy.in")])) == [("a", "1", 1)]


def test_gaps_are_in_order(tmp_path: Path):
    assert [line for _, _, line in gaps(from_text(tmp_path, "a\nb\nc\n"))] == [1, 2, 3]


@pytest.mark.parametrize("extra", ["", "-r requirements.txt\n"])
def test_a_manifest_that_is_a_constraint_too_is_read_as_a_manifest(tmp_path: Path, extra: str):
    """What it leaves open and what it pins would be lost otherwise."""
    found = reading(
        tmp_path,
        {"requirements-dev.txt": f"-c requirements.txt\n{extra}b==2\n", "requirements.txt": "a==1\nopen>=1\n"},
    )
    assert sorted(pins(found)) == [("a", "1", 1), ("b", "2", 2 + bool(extra))]
    assert [one.what for one in found.skipped] == ["open>=1"]
