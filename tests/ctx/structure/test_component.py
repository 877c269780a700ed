"""The script of a component is code: it has symbols, on the lines where they are, and is ranked as code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boombap.ctx.structure.read import structure
from ctx.repositories import ask, paths, repository

if TYPE_CHECKING:
    from pathlib import Path

VUE = """<template><button @click="playTrack(1)">Play</button></template>

<script setup lang="ts">
import { ref } from "vue"

export function playTrack(id: number): Promise<Response> {
  return fetch(`/api/tracks/${id}`)
}
</script>

<style>.a { color: red }</style>
"""
SVELTE = """<SCRIPT context="module">export const prerender = true</SCRIPT>
<script>
  import { api } from "./api.js"
  const pauseTrack = () => api.pause()
</script>
<button on:click={pauseTrack}>Pause</button>
"""
OPTIONS = """<script>
export default {
  methods: {
    stopTrack() { this.audio.stop() },
  },
}
"""


def symbols(name: str, text: str) -> dict[str, tuple[str, int]]:
    return {
        definition.name: (definition.kind, definition.start)
        for definition in structure(name, text.split("\n")).definitions
    }


def test_the_symbols_of_a_script_are_on_their_lines() -> None:
    assert symbols("vue", VUE)["playTrack"] == ("function", 6)
    assert symbols("svelte", SVELTE) == {"prerender": ("constant", 1), "pauseTrack": ("function", 4)}
    assert symbols("vue", OPTIONS)["stopTrack"] == ("method", 4)
    assert symbols("vue", "<template><p>function none() {}</p></template>") == {}


def test_a_script_has_imports() -> None:
    assert structure("svelte", SVELTE.split("\n")).imports == ("./api.js",)


@pytest.mark.parametrize(
    ("query", "path"), [("playTrack", "Player.vue"), ("pauseTrack", "Pause.svelte"), ("stop track", "Stop.vue")]
)
def test_a_component_is_ranked_as_code(tmp_path: Path, query: str, path: str) -> None:
    files: dict[str, str | bytes] = {
        "Player.vue": VUE, "Pause.svelte": SVELTE, "Stop.vue": OPTIONS,
        "schema.sql": "CREATE TABLE play_track (id int);\nCREATE TABLE pause_track (id int);\n",
        "notes.md": "# Stop track\n\nHow to stop a track.\n",
    }  # fmt: skip
    hits = ask(repository(tmp_path / "r", files), query)
    assert paths(hits)[0] == path
    assert "Track" in hits[0].symbol
