"""Findings that are accepted until a date: read from TOML, matched by id and subject.

One table per waiver; every key is required, but for a justification, which only `deps` takes::

    [[waiver]]
    id = "unused_index"
    subject = "public.tracks_genre_idx"      # "*" stands for any text
    reason = "the genre page ships in May"
    owner = "catalogue team"
    expires = 2027-05-31
"""

from __future__ import annotations

from datetime import date

from boombap.errors import ConfigError
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from boombap.health.finding import Finding


class Waiver(Record):
    """One decision to accept a finding.

    Attributes:
        id: the finding's id.
        subject: the finding's subject; ``*`` stands for any text.
        reason: why it is accepted.
        owner: who is responsible for it.
        expires: the last day on which it holds.
        justification: a machine-readable reason; empty without one.
    """

    id: str
    subject: str
    reason: str
    owner: str
    expires: date
    justification: str = ""

    def covers(self, id_: str, subject: str) -> bool:
        """Tell whether this waiver matches a finding, expired or not."""
        from fnmatch import fnmatchcase

        # Only "*" is a wildcard: brackets and question marks occur in quoted names.
        pattern = self.subject.replace("[", "[[]").replace("?", "[?]")
        return self.id == id_ and fnmatchcase(subject, pattern)


def load(path: Path, justifications: Sequence[str] = ()) -> tuple[Waiver, ...]:
    """Read the waivers of a file.

    Args:
        path: of the TOML file.
        justifications: what the optional key of that name may be; without any the key is not known.

    Raises:
        ConfigError: when the file cannot be read, or a waiver lacks a key, has another one, or has no date as expiry.
    """
    import tomllib

    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read the waivers in {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"the waivers in {path} are not valid TOML: {error}") from None
    except RecursionError:
        raise ConfigError(f"the waivers in {path} are nested too deeply") from None
    tables = entries.get("waiver", [])
    if set(entries) - {"waiver"} or not isinstance(tables, list):
        raise ConfigError(f"{path} has something other than [[waiver]] tables")
    return tuple(
        _waiver(entry, f"waiver {number} in {path}", justifications) for number, entry in enumerate(tables, start=1)
    )


def _waiver(entry: object, place: str, justifications: Sequence[str]) -> Waiver:
    names = [name for name in Waiver.__match_args__ if name != "justification"]
    justification = entry.pop("justification", "") if isinstance(entry, dict) and justifications else ""
    if justification not in ("", *justifications):
        raise ConfigError(f"{place}: justification must be one of {', '.join(justifications)}")
    if not isinstance(entry, dict) or set(entry) != set(names):
        raise ConfigError(f"{place} does not have exactly the keys {', '.join(names)}")
    texts = {name: entry[name] for name in names if name != "expires"}
    if any(not isinstance(text, str) or not text.strip() for text in texts.values()):
        raise ConfigError(f"{place}: id, subject, reason and owner must be texts that are not empty")
    # A datetime is a date too, and would not compare with one.
    if type(entry["expires"]) is not date:
        raise ConfigError(f"{place}: expires must be a date", hint="write it without quotes: expires = 2027-05-31")
    return Waiver(**texts, expires=entry["expires"], justification=justification)


def apply(
    findings: Iterable[Finding], waivers: Sequence[Waiver], today: date
) -> tuple[list[Finding], list[Finding], list[Waiver]]:
    """Return the findings that remain, those that are waived, and the waivers that have expired but would apply."""
    standing: list[Finding] = []
    waived: list[Finding] = []
    expired: dict[Waiver, None] = {}  # a set that keeps the order
    for finding in findings:
        covering = [waiver for waiver in waivers if waiver.covers(finding.id, finding.subject)]
        holds = any(waiver.expires >= today for waiver in covering)
        (waived if holds else standing).append(finding)
        if not holds:
            expired |= dict.fromkeys(covering)
    return standing, waived, list(expired)
