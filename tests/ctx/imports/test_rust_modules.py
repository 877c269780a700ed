from __future__ import annotations

import pytest

from ctx.imports.trees import resolve

FILES = {
    "Cargo.toml": '[workspace]\nmembers = ["core", "cli"]\n',
    "core/Cargo.toml": '[package]\nname = "boom-core"\n',
    "core/src/lib.rs": "", "core/src/pool.rs": "", "core/src/pool/slot.rs": "", "core/src/wire/mod.rs": "",
    "core/src/wire/frame.rs": "", "core/src/config.rs": "",
    "core/tests/pool.rs": "", "core/tests/common/mod.rs": "",
    "cli/Cargo.toml": '[package]\nname = "cli"\n[lib]\nname = "front"\npath = "src/front.rs"\n',
    "cli/src/main.rs": "", "cli/src/front.rs": "", "cli/src/config.rs": "",
}  # fmt: skip


@pytest.mark.parametrize(
    ("path", "words", "targets"),
    [
        ("core/src/lib.rs", "self::pool", ["core/src/pool.rs"]),
        ("core/src/lib.rs", "self::wire", ["core/src/wire/mod.rs"]),
        ("core/src/pool.rs", "self::slot", ["core/src/pool/slot.rs"]),
        ("core/src/wire/mod.rs", "self::frame", ["core/src/wire/frame.rs"]),
        ("core/src/pool/slot.rs", "crate::wire::frame::Frame", ["core/src/wire/frame.rs"]),
        ("core/src/pool/slot.rs", "crate::Error", ["core/src/lib.rs"]),
        ("core/src/pool/slot.rs", "super::Pool", ["core/src/pool.rs"]),
        ("core/src/pool/slot.rs", "super::super::config::Config", ["core/src/config.rs"]),
        ("core/src/wire/frame.rs", "super::Wire", ["core/src/wire/mod.rs"]),
        ("core/src/lib.rs", "wire::frame::Frame", ["core/src/wire/frame.rs"]),
        ("cli/src/main.rs", "boom_core::pool::Pool", ["core/src/pool.rs"]),
        ("cli/src/main.rs", "boom_core::Error", ["core/src/lib.rs"]),
        ("cli/src/main.rs", "crate::config::Config", ["cli/src/config.rs"]),
        ("core/tests/pool.rs", "front::run", ["cli/src/front.rs"]),
        ("core/tests/pool.rs", "self::common", ["core/tests/common/mod.rs"]),
        ("core/tests/pool.rs", "boom_core::pool", ["core/src/pool.rs"]),
        ("core/src/lib.rs", "std::collections::config", []),
        ("core/src/lib.rs", "super::super::super::x", []),
        ("core/src/lib.rs", "", []),
    ],
)
def test_a_path_leads_to_the_file_of_its_module(path: str, words: str, targets: list[str]) -> None:
    assert resolve(FILES, path, "rust", words) == targets


@pytest.mark.parametrize(
    "manifest", ["[[[", "package = 1", "[package]\nname = 5", "[lib]\nname='a'\npath='/etc'", "x=" + "[" * 5000]
)
def test_a_broken_manifest_names_no_crate(manifest: str) -> None:
    assert resolve({"Cargo.toml": manifest, "src/lib.rs": ""}, "src/main.rs", "rust", "a::b") == []
