"""Logging to stderr, as text or as JSON lines; the `logging` package (8 ms) is imported at the first record.

Library modules call `logger(__name__)` and never configure anything; `cli/run` calls `configure` once. Every
record passes `redact`, so that no password in an address is logged.
"""

from __future__ import annotations

import re
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import logging
    from pathlib import Path

LEVELS = ("debug", "info", "warning", "error")
FORMATS = ("text", "json")

_settings = {"level": "warning", "format": "text"}
# user:password@ in an address, up to the last @, and with one slash, as a path shows it;
# password=... in a connection string, an environment or a dict.
_SECRETS = re.compile(
    r"(?<=:/)(/?[^\s:/@]*):\S+(?=@)"
    r"|(password|passwd|secret|token)(['\"]?\s*[=:]\s*)('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\S+)",
    re.IGNORECASE,
)


def configure(level: str, style: str) -> None:
    """Set what later records look like: a level of `LEVELS` and a format of `FORMATS`."""
    _settings.update(level=level, format=style)
    if "logging" in sys.modules:
        _attach_handler()


def logger(name: str) -> logging.Logger:
    """Return the standard logger of a module, with our handler attached to the package's logger."""
    import logging

    _attach_handler()
    return logging.getLogger(name)


def redact(text: str) -> str:
    """Return the text with passwords in addresses and connection strings replaced by ``***``.

    >>> redact("postgresql://dj:s3cret@db/rap password='x y'")
    'postgresql://dj:***@db/rap password=***'
    """
    return _SECRETS.sub(lambda match: f"{match[2]}{match[3]}***" if match[2] else f"{match[1]}:***", text)


def write_traceback(error: BaseException, folder: Path) -> Path:
    """Append the traceback of a bug to ``boombap.log`` in `folder` (0700, the file 0600) and return its path.

    Raises:
        OSError: when the folder or the file cannot be written.
    """
    import os
    import time
    import traceback

    from boombap.private import make_folder

    make_folder(folder)
    path = folder / "boombap.log"
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    text = redact(" ".join(sys.argv[:2]) + "\n" + "".join(traceback.format_exception(error)))
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8") as file:
        file.write(f"{stamp} {text}\n")
    return path


def _attach_handler() -> None:
    import logging

    package = logging.getLogger("boombap")
    package.setLevel(_settings["level"].upper())
    package.propagate = False
    if not package.handlers:
        package.addHandler(logging.StreamHandler(sys.stderr))
    package.handlers[0].setFormatter(_formatter())


def _formatter() -> logging.Formatter:
    import logging

    as_json = _settings["format"] == "json"

    class Formatter(logging.Formatter):
        """One line per record, secrets removed."""

        def format(self, record: logging.LogRecord) -> str:
            return _json_line(record) if as_json else redact(super().format(record))

    return Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")


def _json_line(record: logging.LogRecord) -> str:
    import json

    line = {"at": record.created, "level": record.levelname.lower(), "logger": record.name}
    return json.dumps({**line, "message": redact(record.getMessage())}, ensure_ascii=False)
