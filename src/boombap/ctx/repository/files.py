"""Which files of a repository are indexed, and why the others are not.

Git lists them, so that .gitignore means exactly what it means to git; without git, `pathspec` reads the same rules.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from collections import deque
from itertools import islice

from boombap.ctx.masking.mask import is_secret_file
from boombap.ctx.model import Skipped
from boombap.ctx.repository import texts
from boombap.ctx.repository.roots import is_too_wide
from boombap.ctx.repository.texts import GONE, LARGEST_BYTES
from boombap.errors import ExternalError, NotFound
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from pathspec import GitIgnoreSpec

_LARGEST_DATA_BYTES = 100_000
_MOST_FILES = 1_000_000
# Of the entries that a walk sees at most: ignored files and folders are entries too.
_SEEN_PER_FILE = 10
_SEEN_AT_LEAST = 10_000
_LOCK_FILES = frozenset(
    (
        "package-lock.json yarn.lock pnpm-lock.yaml npm-shrinkwrap.json poetry.lock uv.lock "
        "Pipfile.lock Cargo.lock go.sum composer.lock Gemfile.lock mix.lock flake.lock bun.lock"
    ).split()
)
_GENERATED = re.compile(
    r"(?:_pb2(?:_grpc)?\.pyi?|\.pb\.(?:go|cc|h)|\.min\.(?:js|css)|\.(?:js|css|mjs|cjs)\.map|\.snap)$"
)
_DATA = (".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".svg", ".xml", ".ipynb", ".geojson")
_NO_GIT_FOLDERS = frozenset((".git", ".hg", ".svn", "__pycache__", "node_modules", ".venv", ".mypy_cache", ".tox"))


class Listing(Record):
    """The files of a tree.

    Attributes:
        paths: relative to the root, sorted.
        skipped: what git or the walk named, but is not indexed.
        note: what a person should know: how they were listed when git did not, and how many were left out that a
            search should see; empty for nothing.
        is_cut: whether files that a search should see are left out.
    """

    paths: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    note: str = ""
    is_cut: bool = False


def listing(root: str, max_files: int = _MOST_FILES) -> Listing:
    """Return the files of a tree as git lists them; by walking it where git does not answer.

    Args:
        root: the top of the tree.
        max_files: a walk ends when it has found this many files; git's list is as long as the repository.

    Raises:
        NotFound: for a bare repository, which has no files.
        ExternalError: when git does not list the work tree that a home folder is; it is never walked.
    """
    if not os.path.exists(os.path.join(root, ".git")):
        if _is_bare(root):
            raise NotFound(f"{root} is a bare repository", hint="search in a clone with a work tree")
        return _walked(root, max_files, "")
    from boombap.ctx.repository.git import ask

    # A home folder with dotfiles holds everything that a user has: only what git tracks belongs to the project.
    is_home = is_too_wide(root)
    answer = ask(root, "ls-files", "-c" if is_home else "-co", "--exclude-standard", "-z")
    if answer is None and is_home:
        raise ExternalError(f"git could not list the files of {root}", hint="check with `git status` there")
    if answer is None:
        return _walked(root, max_files, "git could not list the files, so they were walked")
    names = {os.fsdecode(name) for name in answer.split(b"\0") if name}
    return _sorted_out(root, iter(sorted(names)), "")


def _walked(root: str, max_files: int, note: str) -> Listing:
    listed = _sorted_out(root, _walk(root, _SEEN_PER_FILE * max_files + _SEEN_AT_LEAST), note, max_files + 1)
    if len(listed.paths) <= max_files:
        return listed.replace(paths=tuple(sorted(listed.paths)))
    left_out = f"more than ctx.max_files ({max_files}) files: the walk stopped there, deeper folders are left out"
    notes = "; ".join(filter(None, (listed.note, left_out)))
    return Listing(tuple(sorted(listed.paths[:max_files])), listed.skipped, notes, is_cut=True)


def _is_bare(root: str) -> bool:
    return all(os.path.exists(os.path.join(root, name)) for name in ("HEAD", "objects", "refs"))


def _sorted_out(root: str, names: Iterator[str], note: str, max_files: int = sys.maxsize) -> Listing:
    paths: list[str] = []
    skipped: list[Skipped] = []
    for name in names:
        reason = _reason_by_name(name) or _reason_by_kind(os.path.join(root, name)) or _reason_by_encoding(root, name)
        if reason == GONE:
            continue
        if reason:
            skipped.append(Skipped(_shown(name), reason))
        else:
            paths.append(name)
            if len(paths) >= max_files:
                break
    unnamed = sum(file.reason == _NOT_UTF_8 for file in skipped)
    left_out = f"{unnamed:,} file{'s' * (unnamed != 1)} left out: {_NOT_UTF_8}" if unnamed else ""
    return Listing(tuple(paths), tuple(skipped), "; ".join(filter(None, (note, left_out))), is_cut=bool(unnamed))


def _shown(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "backslashreplace")


_NOT_UTF_8 = "name is not UTF-8"


def _reason_by_name(name: str) -> str:
    base = name.rpartition("/")[2]
    if not base:
        return "nested repository"
    if is_secret_file(base):
        return "holds secrets"
    if base in _LOCK_FILES:
        return "lock file"
    if _GENERATED.search(base):
        return "generated or minified"
    return ""


def _reason_by_kind(path: str) -> str:
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return GONE
    except OSError as error:
        return f"unreadable: {error.strerror}"
    if stat.S_ISLNK(status.st_mode):
        return "symbolic link"
    if stat.S_ISDIR(status.st_mode) and not os.access(path, os.R_OK | os.X_OK, effective_ids=True):
        return "unreadable: Permission denied"
    if stat.S_ISDIR(status.st_mode):
        return "submodule or nested repository"
    if not stat.S_ISREG(status.st_mode):
        return "not a regular file"
    if status.st_size > LARGEST_BYTES:
        return "over 1 MB"
    if status.st_size > _LARGEST_DATA_BYTES and path.endswith(_DATA):
        return "data over 100 kB"
    return ""


def _reason_by_encoding(root: str, name: str) -> str:
    """Return why a file whose name is not UTF-8 is left out; a binary one would be anyway."""
    try:
        name.encode()
    except UnicodeEncodeError:
        text = texts.read(root, name)
        return text.reason if isinstance(text, Skipped) else _NOT_UTF_8
    return ""


def _walk(root: str, most_seen: int) -> Iterator[str]:
    """Yield every file below root that no .gitignore excludes, those of upper folders first, and unreadable folders.

    The walk ends after `most_seen` entries, whatever they are: ignored files and empty folders cost time too.
    """
    from pathspec import GitIgnoreSpec  # 20 ms, only where git does not answer

    rules: dict[str, GitIgnoreSpec] = {}
    pending = deque([""])
    while pending and most_seen > 0:
        folder = pending.popleft()
        entries = _entries(os.path.join(root, folder), most_seen)
        if entries is None:
            yield folder or "."
            continue
        most_seen -= len(entries) + 1
        names = {entry.name for entry in entries}
        if folder and ".git" in names:
            continue
        if ".gitignore" in names:
            rules[folder] = GitIgnoreSpec.from_lines(_raw_lines(os.path.join(root, folder, ".gitignore")))
        for entry in entries:
            name = f"{folder}/{entry.name}" if folder else entry.name
            is_folder = entry.is_dir(follow_symlinks=False)
            if (is_folder and entry.name in _NO_GIT_FOLDERS) or _is_ignored(name, rules, is_folder=is_folder):
                continue
            if is_folder:
                pending.append(name)
            else:
                yield name


def _entries(folder: str, limit: int) -> list[os.DirEntry[str]] | None:
    """Return what is in a folder, None where it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            return sorted(islice(entries, limit), key=lambda entry: entry.name)
    except FileNotFoundError:
        return []
    except OSError:
        return None


def _is_ignored(name: str, rules: dict[str, GitIgnoreSpec], *, is_folder: bool) -> bool:
    # The nearest file that says something about a path decides, as in gitignore(5).
    folder = name
    while folder:
        folder = folder.rpartition("/")[0]
        spec = rules.get(folder)
        if spec is None:
            continue
        below = name[len(folder) + 1 :] if folder else name
        is_included = spec.check_file(below + "/" * is_folder).include
        if is_included is not None:
            return bool(is_included)
    return False


def _raw_lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(LARGEST_BYTES).splitlines()
    except OSError:
        return []
