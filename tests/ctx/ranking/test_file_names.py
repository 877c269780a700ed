"""Which share of a question is in the names of a file and its folder."""

from __future__ import annotations

import pytest

from boombap.ctx.ranking.file_names import FileNames

RARITY = {"server": 1.0, "websocket": 3.0}


@pytest.mark.parametrize(
    ("path", "share"),
    [
        ("src/websocket/server.py", 1.0),
        ("websocket.py", 0.75),
        ("server.py", 0.25),
        ("src/server/websockets/far/away.py", 0.0),
        ("websockets_v2.go", 0.75),
        ("servers/websock.py", 0.25 + 0.375),
        ("Makefile", 0.0),
    ],
)
def test_a_rare_word_in_a_name_counts_more(path: str, share: float) -> None:
    names = FileNames(RARITY.keys(), RARITY, folder=0.75, prefix=0.2)
    assert names.rare_share(path) == pytest.approx(share)


def test_without_words_nothing_is_shared() -> None:
    names = FileNames((), {}, folder=0.75, prefix=0.2)
    assert (names.share("a.py"), names.rare_share("a.py")) == (0.0, 0.0)


def test_a_word_without_a_known_rarity_counts_once() -> None:
    assert FileNames(("a", "pool"), {}, folder=0.75, prefix=0.2).rare_share("x/pool.py") == 0.5
