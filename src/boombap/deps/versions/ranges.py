"""Whether a version is in the range that a manifest writes, by the sort keys of its ecosystem.

Source: PEP 440 "Version specifiers"; Poetry "Dependency specification"; node-semver "Ranges"; Cargo "Specifying
Dependencies". A range that cannot be understood is satisfied by nothing.
"""

from __future__ import annotations

import re

from boombap.deps.versions.key import sort_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    Form = Literal["pep440", "poetry", "npm", "cargo"]

_LONGEST = 1_000
_CLAUSE = re.compile(r"(~=|~>|===?|!=|<=|>=|<|>|\^|~|=)?(.+)")
_RELEASE = re.compile(r"v?(?:([0-9]+)!)?([0-9]+(?:\.[0-9]+)*+)(.*)", re.IGNORECASE | re.ASCII)
_AFTER_OPERATOR = re.compile(r"([<>=!~^])\s++")
_POST = re.compile(r"post|rev|r[0-9]|^-[0-9]", re.IGNORECASE | re.ASCII)
_PRE = re.compile(r"rc|[abc]|pre|dev", re.IGNORECASE)
_TAG = re.compile(r"(?![xX]$)[A-Za-z][\w-]*+", re.ASCII)
_SEMVER_PARTS = 3


def satisfies(form: Form, wish: str, version: str) -> bool:
    """Tell whether a version is one that a range asks for; an empty range asks for any.

    >>> satisfies("pep440", ">=1,<2", "1.11"), satisfies("npm", "^4.17.0 || 5.x", "3.10.1")
    (True, False)
    """
    if len(wish) > _LONGEST:
        return False
    alternatives = wish.replace("||", "|").split("|") if form in ("npm", "poetry") else [wish]
    return any(_meets(form, alternative.strip(), version) for alternative in alternatives)


def _meets(form: Form, text: str, version: str) -> bool:
    if form == "pep440":
        clauses = [clause.strip() for clause in text.removeprefix("(").removesuffix(")").split(",")]
        return all(_python(clause, version) for clause in clauses if clause)
    if form == "npm" and " - " in text:
        low, _, high = text.partition(" - ")
        text = f">={low.strip()} <={high.strip()}"
    clauses = _AFTER_OPERATOR.sub(r"\1", text.replace(",", " ")).split()
    if form == "poetry":
        return all(_poetry(clause, version) for clause in clauses)
    return all(_semantic(clause, version, "^" if form == "cargo" else "=") for clause in clauses)


def _keys(ecosystem: str, *versions: str) -> tuple[str, ...] | None:
    keys = tuple(key for version in versions if (key := sort_key(ecosystem, version)) is not None)
    return keys if len(keys) == len(versions) else None


def _bumped(numbers: list[int], at: int) -> str:
    return ".".join(map(str, [*numbers[:at], numbers[at] + 1]))


def _caret_place(numbers: list[int]) -> int:
    """Return which number of a caret range must stay: the first that is not zero."""
    return next((at for at, number in enumerate(numbers) if number), len(numbers) - 1)


def _python(clause: str, version: str) -> bool:
    if clause == "*":
        return True
    parts = _CLAUSE.fullmatch(clause)
    operator, bound = (parts[1] or "", parts[2].strip()) if parts else ("", "")
    if operator == "===":
        return bound.lower() == version.lower()
    prefix = bound.removesuffix(".*")
    public = version if "+" in bound else version.partition("+")[0]
    release = _RELEASE.fullmatch(prefix)
    keys = _keys("PyPI", public, prefix)
    if not release or not keys:
        return False
    if operator in ("==", "!=") and prefix != bound:
        return _has_prefix(public, release[1], release[2]) is (operator == "==")
    if operator == "~=":
        shorter = release[2].rpartition(".")[0]
        return bool(shorter) and keys[0] >= keys[1] and _has_prefix(public, release[1], shorter)
    return _compare(operator, *keys) and not _is_excluded(operator, public, release)


def _compare(operator: str, left: str, right: str) -> bool:
    results = {
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
        "==": left == right,
        "!=": left != right,
    }
    return results.get(operator, False)


def _has_prefix(version: str, epoch: str | None, release: str) -> bool:
    numbers = [int(number) for number in release.split(".")]
    begin = f"{epoch or 0}!"
    keys = _keys("PyPI", f"{begin}{release}.dev0", version, f"{begin}{_bumped(numbers, len(numbers) - 1)}.dev0")
    return keys is not None and keys[0] <= keys[1] < keys[2]


def _is_excluded(operator: str, version: str, bound: re.Match[str]) -> bool:
    """Tell whether PEP 440 takes a version out: <2 has no pre-release of 2, >1 no post-release of 1.

    A post-release of 1 is not one of 1a1, so ``>1a1`` has it; and ``<1.post1`` has the pre-releases of 1.
    """
    mine = _RELEASE.fullmatch(version)
    if operator not in "<>" or mine is None:
        return False
    mark = _PRE if operator == "<" else _POST
    end = mark.search(mine[3])
    if end is None or mark.search(bound[3]):
        return False
    # The version of which it is a pre-release or post-release.
    before = mine[3][: end.start()].rstrip(".-_")
    keys = _keys("PyPI", f"{mine[1] or 0}!{mine[2]}{before}", f"{bound[1] or 0}!{bound[2]}{bound[3]}")
    return keys is not None and keys[0] == keys[1]


def _poetry(clause: str, version: str) -> bool:
    parts = _CLAUSE.fullmatch(clause)
    operator, bound = (parts[1] or "", parts[2]) if parts else ("", "")
    if operator not in ("^", "~"):
        return _python(clause if operator != "=" else f"={clause}", version) if operator else _bare(bound, version)
    release = _RELEASE.fullmatch(bound)
    if not release:
        return False
    numbers = [int(number) for number in release[2].split(".")]
    at = _caret_place(numbers) if operator == "^" else min(1, len(numbers) - 1)
    keys = _keys("PyPI", bound, version, f"{release[1] or 0}!{_bumped(numbers, at)}.dev0")
    return keys is not None and keys[0] <= keys[1] < keys[2]


def _bare(bound: str, version: str) -> bool:
    return bound == "*" or _python(f"=={bound}", version)


def _semantic(clause: str, version: str, default: str) -> bool:
    parts = _CLAUSE.fullmatch(clause)
    operator, bound = (parts[1] or default, parts[2].lstrip("v=")) if parts else ("", "")
    if operator == default == "^" and bound.endswith("*"):
        operator = "="
    if _TAG.fullmatch(bound):
        return True  # "latest", "next": the lock says what that was
    numbers = _numbers(bound)
    if not numbers:
        return bound[:1] in ("*", "x", "X")
    main = bound.partition("+")[0]
    is_whole = len(numbers) == _SEMVER_PARTS
    low = main if is_whole else ".".join(map(str, numbers))
    last = len(numbers) - 1
    places = {"^": _caret_place(numbers), "~": min(1, last), "~>": min(1, last)}
    keys = _keys("npm", version, low, f"{_bumped(numbers, places.get(operator, last))}-0")
    if keys is None:
        return False
    mine, lowest, end = keys
    if operator in places or (operator == "=" and not is_whole):
        return lowest <= mine < end
    if not is_whole and operator in (">", "<="):
        return mine >= end if operator == ">" else mine < end
    return _compare("==" if operator == "=" else operator, mine, lowest)


def _numbers(bound: str) -> list[int]:
    """Return the numbers of a version that may be partial or end with x; more than three make none."""
    numbers: list[int] = []
    for part in bound.partition("+")[0].partition("-")[0].split("."):
        if not (part.isascii() and part.isdigit()) or len(part) > 15:  # noqa: PLR2004 - node's largest has 16 digits
            break
        numbers.append(int(part))
    return numbers if len(numbers) <= _SEMVER_PARTS else []
