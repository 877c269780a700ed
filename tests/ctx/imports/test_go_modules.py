from __future__ import annotations

import pytest

from ctx.imports.trees import resolve

FILES = {
    "go.mod": "module example.com/app // the application\n\nrequire example.com/lib v1.0.0\n",
    "main.go": "", "json/json.go": "", "internal/db/db.go": "", "internal/db/pool.go": "",
    "internal/db/db_test.go": "", "internal/db/schema.sql": "",
    "tools/go.mod": 'module "example.com/app/tools"\nreplace (\n\texample.com/fork v1.2.0 => ../fork\n)\n',
    "tools/gen/gen.go": "", "fork/x/x.go": "", "vendor/github.com/acme/log/log.go": "",
}  # fmt: skip


@pytest.mark.parametrize(
    ("words", "targets"),
    [
        ("example.com/app/internal/db", ["internal/db/db.go", "internal/db/pool.go"]),
        ("example.com/app", ["main.go"]),
        ("example.com/app/tools/gen", ["tools/gen/gen.go"]),
        ("example.com/fork/x", ["fork/x/x.go"]),
        ("github.com/acme/log", ["vendor/github.com/acme/log/log.go"]),
        ("encoding/json", []),
        ("example.com/other/internal/db", []),
    ],
)
def test_an_import_leads_to_the_files_of_its_package(words: str, targets: list[str]) -> None:
    assert resolve(FILES, "cmd/serve.go", "go", words) == targets


def test_without_a_module_the_end_of_a_path_names_the_package() -> None:
    files = {"internal/db/db.go": "", "json/json.go": ""}
    assert resolve(files, "main.go", "go", "example.com/app/internal/db") == ["internal/db/db.go"]
    assert resolve(files, "main.go", "go", "encoding/json") == []


@pytest.mark.parametrize("manifest", ["module", "module \n=>", "replace a =>", "replace a => ../../..", "\0", "=> ./x"])
def test_a_broken_go_mod_names_nothing(manifest: str) -> None:
    assert resolve({"go.mod": manifest, "x/x.go": ""}, "main.go", "go", "example.com/app/y") == []
