from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boombap.ctx.answers.related import relatives
from ctx.repositories import indexed, repository

if TYPE_CHECKING:
    from pathlib import Path

GO = {
    "go.mod": "module example.com/app\n",
    "db/pool.go": "package db\n\nfunc Pool() {}\n",
    "db/pool_test.go": "package db\n",
    "db/session.go": "package db\n\nfunc Session() {}\n",
    "main.go": 'package main\n\nimport "example.com/app/db"\n\nfunc main() { db.Pool() }\n',
}
RUST = {
    "Cargo.toml": '[package]\nname = "boom"\n',
    "src/lib.rs": "pub mod pool;\nmod wire;\n",
    "src/pool.rs": "use crate::{wire::frame::{Frame, Kind as K}, Error};\n\nmod tests { use super::*; }\n",
    "src/wire/mod.rs": "pub mod frame;\n",
    "src/wire/frame.rs": "pub struct Frame;\n",
    "tests/pool.rs": "use boom::pool::Pool;\n",
}
TYPESCRIPT = {
    "tsconfig.json": '{"compilerOptions": {"paths": {"@/*": ["./src/*"]}}, /* end */}',
    "src/pool.ts": "import { log } from '@/log';\nexport const pool = log('other/pool');\n",
    "src/log.ts": "export const log = (text: string) => text;\n",
    "src/pool.test.ts": "import { pool } from './pool';\n",
    "src/player.component.tsx": "export const Player = 1;\n",
    "src/player.component.spec.tsx": "import { pool } from './pool';\n",
    "src/app.ts": "import { pool } from './pool';\nimport('@/log');\nimport data = require('./player.component');\n",
}
PYTHON = {
    "src/boom/__init__.py": "",
    "src/boom/pool.py": "import json\nfrom boom import wire\n",
    "src/boom/wire.py": "",
    "src/boom/json.py": "",
    "src/other/pool.py": "",
    "tests/test_pool.py": "from boom.pool import Pool\n",
    "tests/test_lines.py": "import boom.wire\n",
}


def related(tmp_path: Path, files: dict[str, str], path: str) -> dict[str, set[str]]:
    root = repository(tmp_path / "tree", {**files})
    return {found.path: {name for name, _ in found.why} for found in relatives(indexed(root), path, 20)}


@pytest.mark.parametrize(
    ("files", "path", "first"),
    [
        (GO, "db/pool.go", "db/pool_test.go"),
        (GO, "db/pool_test.go", "db/pool.go"),
        (RUST, "src/pool.rs", "tests/pool.rs"),
        (RUST, "tests/pool.rs", "src/pool.rs"),
        (TYPESCRIPT, "src/pool.ts", "src/pool.test.ts"),
        (TYPESCRIPT, "src/pool.test.ts", "src/pool.ts"),
        (TYPESCRIPT, "src/player.component.tsx", "src/player.component.spec.tsx"),
        (TYPESCRIPT, "src/player.component.spec.tsx", "src/player.component.tsx"),
        (PYTHON, "src/boom/pool.py", "tests/test_pool.py"),
        (PYTHON, "tests/test_pool.py", "src/boom/pool.py"),
        (PYTHON, "src/boom/wire.py", "tests/test_lines.py"),
    ],
)
def test_the_test_of_a_file_comes_first(tmp_path: Path, files: dict[str, str], path: str, first: str) -> None:
    found = related(tmp_path, files, path)
    assert next(iter(found)) == first
    assert "tests" in found[first]


def test_go_files_of_a_package_are_related_without_an_import(tmp_path: Path) -> None:
    found = related(tmp_path, GO, "db/pool.go")
    assert "same package" in found["db/session.go"]
    assert "imports it" in found["main.go"]
    assert "same package" not in found["main.go"]


def test_rust_modules_are_followed_through_braces_and_inline_modules(tmp_path: Path) -> None:
    found = related(tmp_path, RUST, "src/pool.rs")
    assert "imported by it" in found["src/wire/frame.rs"]
    assert {"imported by it", "imports it"} <= found["src/lib.rs"]
    assert "src/wire/mod.rs" not in {path for path, why in found.items() if "imported by it" in why}


def test_only_inline_modules_mean_their_file_by_super(tmp_path: Path) -> None:
    files = RUST | {"src/pool.rs": "mod tests { use super::*; }\n"}
    assert "imported by it" not in related(tmp_path, files, "src/pool.rs")["src/lib.rs"]


def test_aliases_of_typescript_are_followed(tmp_path: Path) -> None:
    found = related(tmp_path, TYPESCRIPT | {"src/other/pool.ts": ""}, "src/pool.ts")
    assert "imported by it" in found["src/log.ts"]
    assert "imports it" in found["src/app.ts"]
    # A text in an exported expression is not an import.
    assert "imported by it" not in found.get("src/other/pool.ts", set())


def test_every_form_of_import_counts(tmp_path: Path) -> None:
    found = related(tmp_path, TYPESCRIPT, "src/app.ts")
    imported = {path for path, why in found.items() if "imported by it" in why}
    assert imported == {"src/pool.ts", "src/log.ts", "src/player.component.tsx"}


def test_a_python_module_does_not_hide_the_standard_library(tmp_path: Path) -> None:
    found = related(tmp_path, PYTHON, "src/boom/pool.py")
    assert "imported by it" in found["src/boom/wire.py"]
    assert "imported by it" not in found.get("src/boom/json.py", set())


def test_a_changed_alias_changes_the_imports(tmp_path: Path) -> None:
    related(tmp_path, TYPESCRIPT, "src/pool.ts")
    root = tmp_path / "tree"
    (root / "tsconfig.json").write_text('{"compilerOptions": {"paths": {"@/*": ["./elsewhere/*"]}}, "changed": true}')
    (root / "src/log.ts").rename(root / "src/moved.ts")
    found = {file.path: dict(file.why) for file in relatives(indexed(root), "src/pool.ts", 20)}
    assert "imported by it" not in found.get("src/moved.ts", {})
