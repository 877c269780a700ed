"""The lock of an index: who waits for it touches nothing of who holds it."""

from __future__ import annotations

from pathlib import Path

import pytest

from boombap.ctx.indexing.store import writing
from boombap.errors import RetryLater


def test_a_process_that_gives_up_leaves_the_holder_s_file(tmp_path: Path) -> None:
    path = str(tmp_path / "ctx" / "rap.db")
    with writing(path, pytest.fail) as beside:
        Path(beside).write_text("half")
        with pytest.raises(RetryLater), writing(path, lambda _: None):
            pytest.fail("two processes write one index")
        assert Path(beside).read_text() == "half"
    assert not Path(beside).exists()
