"""`gate pin`: the images of files that name no digest, and what could not be read."""

from __future__ import annotations

import sys
from pathlib import Path

from boombap.deps.enforcement import dockerfile, manifests
from boombap.deps.manifest import safe_text
from boombap.errors import EXIT_FINDINGS, EXIT_NO_VERDICT, EXIT_OK
from boombap.output import table
from boombap.output.terminal import printable
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from boombap.deps.enforcement.image_use import ImageUse

SCHEMA = "boombap.deps.pin/1"
STDIN = "-"


class Unread(Record):
    """A file that could not be read.

    Attributes:
        file: as it was given.
        line: counted from 1; 0 when it is about the whole file.
        reason: one phrase.
    """

    file: str
    line: int
    reason: str


class Pins(Record):
    """What the files name.

    Attributes:
        files: how many were read.
        images: every place that names an image, by file and line.
        unread: files that could not be read; what they name is not known.
    """

    files: int
    images: tuple[ImageUse, ...]
    unread: tuple[Unread, ...] = ()

    @property
    def unpinned(self) -> tuple[ImageUse, ...]:
        """Return the places whose image has no digest."""
        return tuple(use for use in self.images if use.reason)

    @property
    def exit_code(self) -> int:
        """Return 4 where something was not read or nothing was found, 1 where a digest is missing, otherwise 0."""
        if self.unread or not self.images:
            return EXIT_NO_VERDICT
        return EXIT_FINDINGS if self.unpinned else EXIT_OK


def read_pins(files: Sequence[str]) -> Pins:
    """Return the images of files; ``-`` is stdin. One that cannot be read does not hide the others."""
    images: list[ImageUse] = []
    unread: list[Unread] = []
    for file in dict.fromkeys(files):
        try:
            images += list(_images(file))
        except safe_text.Malformed as error:
            unread.append(Unread(file, error.line, error.reason))
    return Pins(len(set(files)) - len(unread), tuple(images), tuple(unread))


def to_object(pins: Pins) -> dict[str, object]:
    """Return the document of ``--format json``."""
    uses = [
        {
            "file": printable(use.file),
            "line": use.line,
            "object": use.object,
            "container": use.container,
            "image": use.image,
            "reason": use.reason,
        }
        for use in pins.unpinned
    ]
    unread = [{"file": printable(one.file), "line": one.line, "reason": one.reason} for one in pins.unread]
    return {
        "schema": SCHEMA,
        "files": pins.files,
        "images": len(pins.images),
        "unpinned": uses,
        "unread": unread,
    }


def lines(pins: Pins) -> Iterator[str]:
    """Yield the images without a digest, the files that could not be read, and the numbers."""
    unpinned = pins.unpinned
    if unpinned:
        rows = [(f"{use.file}:{use.line}", use.object, use.container, use.image, use.reason) for use in unpinned]
        yield from table.lines(("place", "object", "container", "image", "reason"), rows)
    for unread in pins.unread:
        place = f"{unread.file}:{unread.line}" if unread.line else unread.file
        yield printable(f"{place} was not read: it {unread.reason}")
    if not pins.images:
        yield f"no image was found in {_files(pins.files)}; name manifests, or render templates first: helm template"
        return
    yield f"{len(unpinned):,} of {len(pins.images):,} images in {_files(pins.files)} have no digest"


def _files(number: int) -> str:
    return f"{number:,} file{'' if number == 1 else 's'}"


def _images(file: str) -> Iterator[ImageUse]:
    text = safe_text.decode(_stdin()) if file == STDIN else safe_text.text(file)
    read = dockerfile.images_in if dockerfile.is_dockerfile(Path(file).name) else manifests.images_in
    return read(file, text)


def _stdin() -> bytes:
    raw = sys.stdin.buffer.read(safe_text.LARGEST_BYTES + 1)
    if len(raw) > safe_text.LARGEST_BYTES:
        raise safe_text.Malformed(f"has over the limit of {safe_text.LARGEST_BYTES / 1e6:.0f} MB")
    return raw
