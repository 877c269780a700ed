from __future__ import annotations

import pytest

from ctx.imports.trees import resolve

FILES = dict.fromkeys(
    (
        "src/boom/__init__.py", "src/boom/pool.py", "src/boom/json.py", "src/boom/db/__init__.py",
        "src/boom/db/session.py", "services/api/src/api/__init__.py", "services/api/src/api/routes.py",
        "services/web/src/web/routes.py", "scripts/helper.py", "other/session.py",
    ),
    "",
)  # fmt: skip


@pytest.mark.parametrize(
    ("path", "words", "targets"),
    [
        ("tests/test_pool.py", "boom.pool", ["src/boom/pool.py"]),
        ("tests/test_pool.py", "boom", ["src/boom/__init__.py"]),
        ("tests/test_pool.py", "boom.db.session", ["src/boom/db/session.py"]),
        ("services/api/tests/test_routes.py", "api.routes", ["services/api/src/api/routes.py"]),
        ("src/boom/db/x.py", ".session", ["src/boom/db/session.py"]),
        ("src/boom/db/x.py", "..pool", ["src/boom/pool.py"]),
        ("scripts/run.py", "helper", ["scripts/helper.py"]),
        ("src/boom/pool.py", "json", []),
        ("src/boom/pool.py", "boom.pool.session", []),
        ("src/boom/pool.py", "acme.session", []),
        ("src/boom/pool.py", ".........x", []),
    ],
)
def test_a_module_is_found_below_its_source_root(path: str, words: str, targets: list[str]) -> None:
    assert resolve(FILES, path, "python", words) == targets
