"""Where the servers' files are, in folders that only their owner can enter.

New folders are 0700 and new files 0600. The permissions of a folder that was there before are never changed:
a folder that others can enter is rejected instead.
"""

from __future__ import annotations

import os
import stat
import time
from contextlib import contextmanager
from pathlib import Path

from boombap.config.home import home_folder
from boombap.errors import AccessDenied, ConfigError, TimedOut
from boombap.filelock import try_lock
from boombap.local.process import poll
from boombap.private import make_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# sun_path has 108 bytes on Linux and one is the closing zero; macOS has 104. Source: unix(7).
SOCKET_PATH_LIMIT = 107
_SHORT_PARENT = Path("/tmp")  # noqa: S108  # `private` refuses a folder that somebody else made there
_LOCK_LIMIT_S = 120.0


def root(data_home: Path | None = None) -> Path:
    """Return the folder of all local servers.

    Args:
        data_home: the value of `XDG_DATA_HOME`; None for its default.
    """
    return (data_home or home_folder() / ".local" / "share") / "boombap" / "local"


def private(path: Path, owner: int | None = None) -> Path:
    """Create the folder with mode 0700, or check that it is such a folder.

    Args:
        path: missing parents are created too.
        owner: the user id that the folder belongs to; None for the current user.

    Raises:
        AccessDenied: when it cannot be created, is a link, or is open to others.
    """
    try:
        make_folder(path.parent)
        path.mkdir(mode=0o700)
    except FileExistsError:
        return _checked(path, os.geteuid() if owner is None else owner)
    except OSError as error:
        raise AccessDenied(f"cannot create the folder {path}: {error.strerror}") from error
    if owner is not None:
        os.chown(path, owner, -1)
    return path


def write_private(path: Path, text: str, owner: int | None = None) -> None:
    """Write a file of mode 0600 in one step, so that no reader sees half of it."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        if owner is not None:
            os.fchown(descriptor, owner, -1)
        file.write(text)
    fresh.replace(path)


def sockets(home: Path, file_name: str, owner: int | None = None, *, short_parent: Path = _SHORT_PARENT) -> Path:
    """Return the 0700 folder for a server's socket: inside `home` when the path is short enough, else a short one.

    Args:
        home: the server's folder.
        file_name: the name of the socket, to count its bytes.
        owner: the user id of the server; None for the current user.
        short_parent: where the short folder is created.

    Raises:
        ConfigError: when even the short path is too long.
        AccessDenied: when another user owns the short folder.
    """
    near = home / "run"
    if _fits(near / file_name):
        return private(near, owner)
    short = short_parent / f"boombap-{os.geteuid()}-{digest(home)}"
    if _fits(short / file_name):
        return private(short, owner)
    raise ConfigError(
        f"the socket path {short / file_name} has more than {SOCKET_PATH_LIMIT} bytes",
        hint="choose a data folder with a shorter path",
    )


def digest(path: Path) -> str:
    """Return a digest of the path, ten characters long."""
    import hashlib

    return hashlib.sha256(os.fsencode(path)).hexdigest()[:10]


@contextmanager
def locked(base: Path, name: str, sleep: Callable[[float], None] = time.sleep) -> Iterator[None]:
    """Hold the lock of one server, so that two commands never start or stop it at once; creates `base`.

    Raises:
        AccessDenied: when `base` cannot be created or written.
        TimedOut: when another command holds the lock for two minutes.
    """
    descriptor = _open_lock(base, name)
    try:
        if not poll(lambda: try_lock(descriptor), _LOCK_LIMIT_S, sleep):
            raise TimedOut(f"another command has been starting or stopping {name} for {_LOCK_LIMIT_S:.0f} s")
        yield
    finally:
        os.close(descriptor)


def _open_lock(base: Path, name: str) -> int:
    try:
        make_folder(base)
        return os.open(base / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise AccessDenied(
            f"cannot write to the data folder {base}: {error.strerror}", hint="choose another data folder"
        ) from error


def _checked(path: Path, owner: int) -> Path:
    state = path.lstat()
    if stat.S_ISDIR(state.st_mode) and state.st_uid == owner and not state.st_mode & 0o077:
        return path
    raise AccessDenied(
        f"{path} is not a folder that only user {owner} can enter",
        hint="remove it, or choose another data folder",
    )


def _fits(path: Path) -> bool:
    return len(os.fsencode(path)) <= SOCKET_PATH_LIMIT
