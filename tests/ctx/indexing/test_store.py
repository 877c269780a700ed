"""The lock of an index: who waits for it touches nothing of who holds it; and which indexes can be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from boombap.ctx import term_vectors
from boombap.ctx.indexing.store import create, open_existing, writing
from boombap.errors import RetryLater


def test_a_process_that_gives_up_leaves_the_holder_s_file(tmp_path: Path) -> None:
    path = str(tmp_path / "ctx" / "rap.db")
    with writing(path, pytest.fail) as beside:
        Path(beside).write_text("half")
        with pytest.raises(RetryLater), writing(path, lambda _: None):
            pytest.fail("two processes write one index")
        assert Path(beside).read_text() == "half"
    assert not Path(beside).exists()


def test_an_index_of_another_table_of_term_vectors_is_not_read(tmp_path: Path) -> None:
    path = str(tmp_path / "rap.db")
    database = create(path)
    database.execute("INSERT INTO meta VALUES ('complete', 1)")
    database.commit()
    (stamp,) = database.execute("PRAGMA user_version").fetchone()
    assert stamp % 1000 == term_vectors.VERSION
    found = open_existing(path)
    assert found is not None
    found.close()
    database.execute(f"PRAGMA user_version = {stamp + 1}")
    database.close()
    assert open_existing(path) is None
