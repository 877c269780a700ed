from __future__ import annotations

import json
import time

import pytest

from boombap.ctx.imports import jsonc
from ctx.imports.trees import resolve

FILES = {
    "tsconfig.base.json": """{
        // Shared by all packages; a trailing comma is allowed.
        "compilerOptions": {"baseUrl": ".", "paths": {"@shared/*": ["libs/shared/*"], "#env": ["./env.ts"],},},
    }""",
    "env.ts": "", "libs/shared/log.ts": "",
    "apps/web/tsconfig.json": """{
        "extends": "../../tsconfig.base",
        "compilerOptions": {"baseUrl": "./src", "paths": {"@/*": ["./*"], "@ui/*": ["gone/*", "ui/*.vue"]}} /* end */
    }""",
    "apps/web/src/pool/index.ts": "", "apps/web/src/ui/Button.vue": "", "apps/web/src/http.ts": "",
    "apps/api/tsconfig.json": '{"extends": ["@acme/config/strict.json", "../../tsconfig.base.json"]}',
    "apps/api/src/main.ts": "",
    "apps/vite/tsconfig.json": '{"files": [], "references": [{"path": "./tsconfig.app.json"}]}',
    "apps/vite/tsconfig.app.json": '{"compilerOptions": {"paths": {"~/*": ["${configDir}/source/*", "./source/*"]}}}',
    "apps/vite/source/track.tsx": "",
    "packages/config/package.json": '{"name": "@acme/config"}',
    "packages/config/strict.json": '{"compilerOptions": {"strict": true, "paths": {"$strict/*": ["./*"]}}}',
    "packages/ui/package.json": json.dumps({
        "name": "@acme/ui", "main": "dist/index.js",
        "exports": {".": {"import": "./dist/index.js", "types": "./src/index.ts"}, "./button": "./src/button.ts"},
        "imports": {"#internal/*": {"node": "./src/internal/*.js", "default": "./src/internal/*.js"}, "#dep": "fs"},
    }),
    "packages/ui/src/index.ts": "", "packages/ui/src/button.ts": "", "packages/ui/src/theme.ts": "",
    "packages/ui/src/internal/color.ts": "",
    "package.json": '{"workspaces": ["packages/*"], "dependencies": {"debug": "4", "a": "1"}}',
    "lib/debug.js": "", "lib/a/b.js": "", "src/routes/list.js": "",
}  # fmt: skip


@pytest.mark.parametrize(
    ("path", "words", "targets"),
    [
        ("apps/web/src/a.ts", "./http.js", ["apps/web/src/http.ts"]),
        ("apps/web/src/a.ts", "./pool", ["apps/web/src/pool/index.ts"]),
        ("apps/web/src/a.ts", "@/pool", ["apps/web/src/pool/index.ts"]),
        ("apps/web/src/a.ts", "@ui/Button", ["apps/web/src/ui/Button.vue"]),
        ("apps/web/src/a.ts", "http", ["apps/web/src/http.ts"]),
        ("apps/web/src/a.ts", "@shared/log", []),
        ("apps/api/src/main.ts", "@shared/log", ["libs/shared/log.ts"]),
        ("apps/api/src/main.ts", "#env", ["env.ts"]),
        ("apps/vite/source/a.tsx", "~/track", ["apps/vite/source/track.tsx"]),
        ("apps/api/src/main.ts", "@acme/ui", ["packages/ui/src/index.ts"]),
        ("apps/api/src/main.ts", "@acme/ui/button", ["packages/ui/src/button.ts"]),
        ("apps/api/src/main.ts", "@acme/ui/theme", ["packages/ui/src/theme.ts"]),
        ("packages/ui/src/theme.ts", "#internal/color", ["packages/ui/src/internal/color.ts"]),
        ("src/app.js", "debug", []),
        ("src/app.js", "a/b", []),
        ("src/app.js", "path", []),
        ("src/app.js", "@/routes/list", ["src/routes/list.js"]),
        ("src/app.js", "src/routes/list", ["src/routes/list.js"]),
        ("src/app.js", "../../../etc/passwd", []),
        ("src/app.js", "..", []),
    ],
)
def test_a_name_leads_where_its_configuration_says(path: str, words: str, targets: list[str]) -> None:
    assert resolve(FILES, path, "typescript", words) == targets


@pytest.mark.parametrize(
    "config",
    [
        "", "null", "[]", "{", '{"extends": 5}', '{"extends": "./tsconfig.json"}', '{"extends": ["../../../x", null]}',
        '{"compilerOptions": []}', '{"compilerOptions": {"baseUrl": 7, "paths": [1]}}',
        '{"compilerOptions": {"paths": {"@/*": 3, "*": [null, {"a": "../../*"}], "": []}}}',
        '{"compilerOptions": {"baseUrl": "/etc", "paths": {"@/*": ["/etc/*", "\\u0000"]}}}',
        '{"references": [1, {"path": []}, {"path": "."}]}',
        '{"a": ' + "[" * 100_000, "9" * 10_000, '{"a": "' + "\\" * 9,
    ],
)  # fmt: skip
def test_a_broken_configuration_changes_nothing(config: str) -> None:
    files = {"tsconfig.json": config, "package.json": config, "src/x.ts": ""}
    assert resolve(files, "src/a.ts", "typescript", "./x") == ["src/x.ts"]
    assert resolve(files, "src/a.ts", "typescript", "@gone/x") == []


def test_configurations_that_extend_each_other_end() -> None:
    ring = {f"{n}.json": f'{{"extends": ["./{(n + 1) % 3000}.json", "./{n}.json"]}}' for n in range(3000)}
    files = ring | {"tsconfig.json": '{"extends": "./0.json"}', "src/x.ts": ""}
    assert resolve(files, "src/a.ts", "typescript", "@gone/x") == []


@pytest.mark.parametrize("text", ["/* " * 200_000, '"' * 500_000, "{" + "," * 500_000, "//" * 300_000, '"\\' * 300_000])
def test_no_text_makes_the_parser_slow(text: str) -> None:
    begun = time.process_time()
    assert jsonc.parse(text) == {}
    assert time.process_time() - begun < 5
