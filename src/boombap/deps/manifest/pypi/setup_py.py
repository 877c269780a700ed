"""setup.py: the dependencies that its call of `setup` writes as literals; the file is parsed, never run.

Whatever is computed when the file runs is named as not audited: a list that is read from a file, a keyword that comes
out of a dictionary, a call that is wrapped in another one.
"""

from __future__ import annotations

import ast
import warnings

from boombap.deps.manifest import safe_text
from boombap.deps.manifest.collector import Bounds
from boombap.deps.manifest.pypi.groups import is_development
from boombap.deps.manifest.pypi.pyproject import add_pep508

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.deps.manifest.collector import ManifestCollector
    from boombap.deps.model import Scope

_LARGEST = 1_000_000
_SCOPES: dict[str, Scope] = {"install_requires": "runtime", "setup_requires": "dev", "tests_require": "dev"}
_BUILDERS = frozenset(("setuptools", "distutils", "skbuild", "numpy.distutils.core"))
_COMPUTED = "is computed when setup.py runs, so it cannot be read here"
_NO_CALL = "calls no `setup` that can be read here"
_PIN = "audit a lock file of the project, or write the list into pyproject.toml"


def read(document: str, collector: ManifestCollector) -> None:
    """Read the wishes into the collector.

    Raises:
        Malformed: when the file is not Python 3, or is too large to be one that people write.
    """
    tree = _parsed(document)
    constants = _constants(tree)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _name_of(node.func) == "setup"]
    if not calls and _imports_a_builder(tree):
        collector.skip("setup.py", _NO_CALL, pin=_PIN)
    for call in calls:
        for keyword in call.keywords:
            _read_keyword(collector, keyword, constants)


def _parsed(document: str) -> ast.Module:
    if len(document) > _LARGEST:
        raise safe_text.Malformed(f"is larger than {_LARGEST:,} characters")
    try:
        with warnings.catch_warnings(action="ignore"):  # of escapes in its texts
            return ast.parse(document)
    except SyntaxError as error:
        raise safe_text.Malformed("is not valid Python 3", error.lineno or 0) from None
    except (ValueError, RecursionError, MemoryError):
        raise safe_text.Malformed("is nested too deeply, or holds a null character") from None


def _constants(tree: ast.Module) -> dict[str, ast.expr]:
    """Return what names are bound to; one that is bound twice, or may be changed, is not among them."""
    found: dict[str, ast.expr] = {}
    bound: set[str] = set()
    changed: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= dict.fromkeys(map(_name_of, targets), node.value)
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            changed |= {node.id} & bound
            bound.add(node.id)
        elif isinstance(node, ast.arg):
            changed.add(node.arg)
        elif isinstance(node, ast.Attribute | ast.Subscript):  # reqs.append(…), reqs[0] = …
            changed.add(_name_of(node.value))
    return {name: value for name, value in found.items() if name in bound - changed}


def _name_of(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _imports_a_builder(tree: ast.Module) -> bool:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return any(name in _BUILDERS or name.partition(".")[0] in _BUILDERS for name in names)


def _read_keyword(collector: ManifestCollector, keyword: ast.keyword, constants: dict[str, ast.expr]) -> None:
    line, value = keyword.value.lineno, keyword.value
    if keyword.arg is None:
        collector.skip("**arguments of setup", _COMPUTED, line=line, pin=_PIN)
    elif keyword.arg in _SCOPES:
        _read_list(collector, keyword.arg, value, _SCOPES[keyword.arg], constants)
    elif keyword.arg == "extras_require":
        _read_extras(collector, constants.get(value.id, value) if isinstance(value, ast.Name) else value, constants)
    elif keyword.arg == "python_requires" and isinstance(value, ast.Constant):
        collector.pythons = Bounds(str(value.value))


def _read_extras(collector: ManifestCollector, value: ast.expr, constants: dict[str, ast.expr]) -> None:
    if not isinstance(value, ast.Dict):
        collector.skip("extras_require", _COMPUTED, line=value.lineno, scope="optional", pin=_PIN)
        return
    for key, listed in zip(value.keys, value.values, strict=True):
        if not isinstance(key, ast.Constant):
            collector.skip("extras_require", _COMPUTED, line=listed.lineno, scope="optional", pin=_PIN)
            continue
        scope: Scope = "dev" if is_development(str(key.value)) else "optional"
        _read_list(collector, f"extras_require[{key.value!r}]", listed, scope, constants)


def _read_list(
    collector: ManifestCollector, what: str, value: ast.expr, scope: Scope, constants: dict[str, ast.expr]
) -> None:
    for text, line in _texts(value, constants):
        if text is None:
            collector.skip(what, _COMPUTED, line=line, scope=scope, pin=_PIN)
        else:
            for requirement in filter(None, map(str.strip, text.split("\n"))):
                add_pep508(collector, requirement, line, scope)


def _texts(value: ast.expr, constants: dict[str, ast.expr], depth: int = 0) -> Iterator[tuple[str | None, int]]:
    """Yield the texts of a literal list with their lines; None in the place of what is computed."""
    if isinstance(value, ast.Name):
        # What a name is bound to must be a literal: names of names of names would unfold without end.
        value, constants = constants.get(value.id, value), {}
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value, value.lineno
    elif isinstance(value, ast.List | ast.Tuple | ast.Set) and depth < safe_text.DEEPEST:
        for item in value.elts:
            yield from _texts(item.value if isinstance(item, ast.Starred) else item, constants, depth + 1)
    elif isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add) and depth < safe_text.DEEPEST:
        yield from _texts(value.left, constants, depth + 1)
        yield from _texts(value.right, constants, depth + 1)
    else:
        yield None, value.lineno
