"""Images with verdicts, for tests of what asks them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from boombap.deps.gate.policy import Policy
from boombap.deps.verdicts.image import ImageReference
from boombap.deps.verdicts.judgement import Rules, judge_image
from boombap.deps.verdicts.store import create_store
from deps.osv import TRUTH, database, needs, reading

if TYPE_CHECKING:
    from pathlib import Path

    from boombap.deps.verdicts.model import ImageVerdict

GOOD, BAD, NONE = ("sha256:" + letter * 64 for letter in "abc")


def judged(folder: str, digest: str, version: str, policy: Policy = Policy(), environment: str = "") -> ImageVerdict:  # noqa: B008 - frozen
    """Return the verdict on an image with one version of FastAPI: below 0.109.1 it is vulnerable."""
    rules = Rules(policy, environment, (), folder)
    image = ImageReference("registry.example/rap/app", digest)
    return judge_image(image, reading(needs("fastapi", version)), rules, time.time())


def recorded(base: Path) -> Path:
    """Record one image that passes and one that fails; return the file."""
    folder, path = database(base, TRUTH), base / "kept" / "verdicts.db"
    store = create_store(path)
    store.put(judged(folder, GOOD, "0.110.0"))
    store.put(judged(folder, BAD, "0.104.1"))
    store.close()
    return path
