"""What a project will not ship with: read from TOML, one table for all environments and one for each that differs.

Every key is optional::

    severity = "high"            # findings from this level on block: low, medium, high, critical, or never
    unknown_severity = "block"   # or warn: nobody says how bad it is, which is not the same as harmless
    kev = true                   # known exploited: blocks whatever the severity
    epss = 0.5                   # as likely as this to be exploited within 30 days: blocks likewise
    fixable = false              # true: only what has a fixed version blocks
    scope = ["runtime", "optional"]   # dev is shown, and does not block; malware blocks in every scope
    informational = "warn"       # or block: unsound, unmaintained, notice
    unassessable = "block"       # or warn: an advisory about a package that names no version to compare with
    packages = ["*"]             # what the policy is about, by name
    except_packages = []
    max_db_age = "7d"
    max_unaudited = 0            # what names no version, at most
    usage_evidence = false       # true: findings say where the code imports the package; it never lets one pass
    licences_allow = ["MIT", "Apache-2.0"]   # SPDX expressions for `deps licences`; every other one is denied
    licences_deny = ["AGPL-3.0-only"]
    exclude = { "docs/*" = "not shipped" }   # files that are not read, by pattern, each with the reason

    [environment.staging]
    mode = "warn"                # or enforce, the default
"""

from __future__ import annotations

from fnmatch import fnmatchcase

from boombap.deps.model import SCOPES
from boombap.errors import BoombapError, ConfigError, UsageError
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from boombap.deps.model import Finding, Scope

NEVER = "never"
FLOORS: Mapping[str, float] = {"low": 0.1, "medium": 4.0, "high": 7.0, "critical": 9.0, NEVER: float("inf")}
_DEFAULT = "default"


class Policy(Record):
    """What blocks.

    Attributes:
        severity: the level from which a finding blocks; one of `FLOORS`.
        blocks_unknown: whether a finding of unknown severity blocks.
        kev: whether a known exploited one blocks.
        epss: the probability of exploitation from which one blocks; None when it does not count.
        fixable: whether only findings with a fix block.
        scope: of the dependencies whose findings block.
        blocks_informational: whether unsound, unmaintained and notice block.
        blocks_unassessable: whether an advisory that cannot be held against a version blocks.
        packages: patterns of the names that the policy is about.
        except_packages: patterns of names that it is not about.
        max_db_age_s: the oldest database that gives a verdict.
        max_unaudited: how much may be left out.
        usage_evidence: whether findings say where the project's code imports the package.
        licences_allow: SPDX expressions; when there are any, every other licence is denied.
        licences_deny: SPDX expressions that are denied.
        exclude: pattern and reason of each rule that leaves files out.
        is_enforced: False where it only warns.
    """

    severity: str = "high"
    blocks_unknown: bool = True
    kev: bool = True
    epss: float | None = None
    fixable: bool = False
    scope: tuple[Scope, ...] = ("runtime", "optional")
    blocks_informational: bool = False
    blocks_unassessable: bool = True
    packages: tuple[str, ...] = ("*",)
    except_packages: tuple[str, ...] = ()
    max_db_age_s: float = 7 * 86_400.0
    max_unaudited: int = 0
    usage_evidence: bool = False
    licences_allow: tuple[str, ...] = ()
    licences_deny: tuple[str, ...] = ()
    exclude: tuple[tuple[str, str], ...] = ()
    is_enforced: bool = True

    def rule_for(self, finding: Finding) -> str:
        """Return the rule that a finding breaks; empty when it does not block."""
        if self.excuse_for(finding):
            return ""
        if finding.kind == "malicious":
            return "malicious"
        if self.kev and finding.kev:
            return "kev"
        if self.epss is not None and (finding.epss or 0.0) >= self.epss:
            return "epss"
        if finding.kind != "vulnerability":
            return "informational" if self.blocks_informational else ""
        if finding.severity.score is None:
            return "unknown_severity" if self.blocks_unknown and self.severity != NEVER else ""
        return "severity" if finding.severity.score >= FLOORS[self.severity] else ""

    def excuse_for(self, finding: Finding) -> str:
        """Return why the policy does not look at a finding at all; empty when it does."""
        one = finding.dependency
        if not _is_named(one.normal, self.packages) or _is_named(one.normal, self.except_packages):
            return "the policy is not about this package"
        # Malware runs where it is installed: on developers' machines and in CI.
        if one.scope not in self.scope and finding.kind != "malicious":
            return f"its scope is {one.scope}"
        if self.fixable and not finding.fixed and finding.kind != "malicious":
            return "there is no fix yet"
        return ""


def _is_named(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def load(path: Path, environment: str = "") -> Policy:
    """Read a policy, as an environment variable holds it.

    Raises:
        ConfigError: when the file cannot be read, or a key is unknown or has a value that does not fit.
        UsageError: for an environment that the file does not name.
    """
    import tomllib

    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"cannot read the policy {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"the policy {path} is not valid TOML: {error}") from None
    except RecursionError:
        raise ConfigError(f"the policy {path} is nested too deeply") from None
    environments = table.pop("environment", {})
    if not isinstance(environments, dict) or not all(isinstance(one, dict) for one in environments.values()):
        raise ConfigError(f"{path}: environment holds tables only", hint="for example [environment.staging]")
    # All are read, so that a mistake in one does not wait for the day on which it is used.
    policies = {name: _policy({**table, **own}, f"{path} [{name}]") for name, own in environments.items()}
    policies[""] = _policy(table, str(path))
    if environment not in policies:
        known = ", ".join(sorted(environments)) or "none"
        raise UsageError(f"{path} has no environment {environment!r}", hint=f"it has {known}")
    return policies[environment]


def _policy(table: Mapping[str, object], place: str) -> Policy:
    values: dict[str, object] = {}
    for key, value in table.items():
        if key not in _KEYS:
            raise _unknown(key, place)
        field, parse = _KEYS[key]
        try:
            values[field] = parse(value)
        except (ValueError, TypeError, BoombapError) as error:
            raise ConfigError(f"{place}: {key} is {value!r}", hint=str(error)) from None
    return Policy(**values)  # type: ignore[arg-type]  # each parser gives what its field takes


def _unknown(key: str, place: str) -> ConfigError:
    from difflib import get_close_matches

    nearest = get_close_matches(key, _KEYS, n=1, cutoff=0.4)
    hint = f"did you mean {nearest[0]}" if nearest else f"keys are {', '.join(_KEYS)}"
    return ConfigError(f"{place}: unknown key {key!r}", hint=hint)


def _choice(*words: str) -> Callable[[object], str]:
    def parse(value: object) -> str:
        if value not in words:
            raise ValueError(f"one of {', '.join(words)}")
        return str(value)

    return parse


def _is(word: str, other: str) -> Callable[[object], bool]:
    return lambda value: _choice(word, other)(value) == word


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError("true or false, without quotes")
    return value


def _probability(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError("a number from 0 to 1")
    return float(value)


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("a whole number from 0 on")
    return value


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise TypeError("a list of texts")
    return tuple(value)


def _scopes(value: object) -> tuple[str, ...]:
    names = _names(value)
    if not set(names) <= set(SCOPES):
        raise ValueError(f"a list of {', '.join(SCOPES)}")
    return names


def _exclusions(value: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict):
        raise TypeError('a table of patterns with reasons, as { "docs/*" = "not shipped" }')
    for pattern, reason in value.items():
        if not isinstance(reason, str) or not reason.strip() or not pattern.strip():
            raise ValueError(f"{pattern!r} needs a reason: why are these files not audited?")
    return tuple(value.items())


def _age(value: object) -> float:
    from boombap.units import parse_duration_s

    return parse_duration_s(str(value))


_KEYS: Mapping[str, tuple[str, Callable[[object], object]]] = {
    "severity": ("severity", _choice(*FLOORS)),
    "unknown_severity": ("blocks_unknown", _is("block", "warn")),
    "kev": ("kev", _flag),
    "epss": ("epss", _probability),
    "fixable": ("fixable", _flag),
    "scope": ("scope", _scopes),
    "informational": ("blocks_informational", _is("block", "warn")),
    "unassessable": ("blocks_unassessable", _is("block", "warn")),
    "packages": ("packages", _names),
    "except_packages": ("except_packages", _names),
    "max_db_age": ("max_db_age_s", _age),
    "max_unaudited": ("max_unaudited", _count),
    "usage_evidence": ("usage_evidence", _flag),
    "licences_allow": ("licences_allow", _names),
    "licences_deny": ("licences_deny", _names),
    "exclude": ("exclude", _exclusions),
    "mode": ("is_enforced", _is("enforce", "warn")),
}
