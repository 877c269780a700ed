"""Files that are written together or not at all, even when the machine stops in the middle.

Before the first byte is written, the old contents and what is about to be written are kept in a folder of their own, on
the disk. While that folder is there the update is not finished; the next process to start puts the old contents back. A
file that somebody has changed since is left alone, and its old content is kept.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
from contextlib import contextmanager
from glob import escape
from hashlib import sha256
from pathlib import Path

from boombap.errors import ExternalError, RetryLater
from boombap.filelock import try_lock
from boombap.private import make_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from boombap.deps.update.model import Edit

_LIST = "journal.json"
_OPEN = "open"
_KEPT = "kept"


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the only right to update; the kernel takes it back when the process ends, however it ends.

    Raises:
        RetryLater: while another update runs.
        ExternalError: when the folder cannot be made.
    """
    try:
        make_folder(folder)
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ExternalError(f"cannot make {folder}: {error.strerror}") from None
    try:
        if not try_lock(descriptor):
            raise RetryLater("another update is being written", hint="wait until it has ended")
        yield
    finally:
        os.close(descriptor)


def recover(folder: Path) -> list[str]:
    """Put back what an update that did not finish has changed; give one sentence a file.

    Raises:
        ExternalError: when the journal cannot be read or a file not be written.
    """
    place = folder / _OPEN
    if not place.exists():
        return []
    if not (place / _LIST).exists():  # it was killed before it wrote anything
        shutil.rmtree(place, ignore_errors=True)
        return []
    try:
        listed = json.loads((place / _LIST).read_text(encoding="utf-8"))
        said = [_restore(place, entry) for entry in listed]
    except (OSError, ValueError, KeyError, TypeError) as error:
        hint = "look at it, restore the files by hand, then delete it"
        raise ExternalError(f"the journal {place} cannot be followed: {error}", hint=hint) from None
    if any("changed since" in sentence for sentence in said):
        shutil.rmtree(folder / _KEPT, ignore_errors=True)
        place.rename(folder / _KEPT)
    else:
        shutil.rmtree(place)
    return [sentence for sentence in said if sentence]


def _restore(place: Path, entry: dict[str, str]) -> str:
    path = Path(entry["path"])
    for unfinished in path.parent.glob(f".{escape(path.name)}.*.new"):
        unfinished.unlink(missing_ok=True)
    old = (place / entry["backup"]).read_bytes()
    now = path.read_bytes() if path.exists() else b""
    if now == old:
        return ""
    if sha256(now).hexdigest() != entry["after"] and path.exists():
        kept = place.parent / _KEPT
        return f"{path} has been changed since the update that did not finish; its old content is in {kept}"
    write(path, old)
    return f"{path} was restored: an update did not finish"


class Journal:
    """One update that is being written.

    Attributes:
        place: the folder with the old contents.
    """

    def __init__(self, folder: Path, edits: Sequence[Edit]) -> None:
        self.place = folder / _OPEN
        self._edits = edits

    def begin(self) -> None:
        """Put the old contents on the disk.

        Raises:
            ExternalError: when that fails, or a file is no longer what the plan was made from.
        """
        for edit in self._edits:
            if Path(edit.path).read_bytes() != edit.before:
                raise ExternalError(f"{edit.file} has changed since the plan was made", hint="plan again")
        try:
            make_folder(self.place)
            listed = []
            for number, edit in enumerate(self._edits):
                _write_synced(self.place / f"{number}.old", edit.before)
                after = sha256(edit.after).hexdigest()
                listed.append({"path": str(Path(edit.path).resolve()), "backup": f"{number}.old", "after": after})
            _write_synced(self.place / "list.new", json.dumps(listed, indent=1).encode())
            (self.place / "list.new").rename(self.place / _LIST)
            _sync_folder(self.place)
        except OSError as error:
            shutil.rmtree(self.place, ignore_errors=True)
            raise ExternalError(f"cannot keep a backup in {self.place}: {error.strerror}") from None

    def write(self) -> None:
        """Write the new contents, each in one step.

        Raises:
            ExternalError: when one cannot be written; call `undo` then.
        """
        for edit in self._edits:
            write(Path(edit.path), edit.after)

    def undo(self) -> list[str]:
        """Put the old contents back; give one sentence a file."""
        return recover(self.place.parent)

    def finish(self) -> None:
        """Forget the old contents: the update stands."""
        # The list first: without it, what is left of the folder means nothing.
        (self.place / _LIST).unlink()
        _sync_folder(self.place)
        shutil.rmtree(self.place, ignore_errors=True)


def write(path: Path, content: bytes) -> None:
    """Replace a file in one step; its mode stays, and a link to it stays a link.

    Raises:
        ExternalError: when it cannot be written.
    """
    target = path.resolve()
    fresh = target.with_name(f".{target.name}.{os.getpid()}.new")
    try:
        mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o644
        _write_synced(fresh, content)
        fresh.chmod(mode)
        fresh.replace(target)
        _sync_folder(target.parent)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise ExternalError(f"cannot write {path}: {error.strerror}") from None


def _write_synced(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
