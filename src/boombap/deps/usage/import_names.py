"""Under which names a package of PyPI is imported: from an installation where one is at hand, else a guess."""

from __future__ import annotations

import os

from boombap.deps.manifest import safe_text
from boombap.deps.manifest.pypi import installed
from boombap.deps.package_names import normalise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# What people trip over: packages whose modules have another name. Each is as the package's own documentation says.
_WELL_KNOWN: Mapping[str, tuple[str, ...]] = {
    "attrs": ("attr", "attrs"),
    "beautifulsoup4": ("bs4",),
    "djangorestframework": ("rest_framework",),
    "gitpython": ("git",),
    "mysqlclient": ("MySQLdb",),
    "opencv-contrib-python": ("cv2",),
    "opencv-contrib-python-headless": ("cv2",),
    "opencv-python": ("cv2",),
    "opencv-python-headless": ("cv2",),
    "pillow": ("PIL",),
    "psycopg2-binary": ("psycopg2",),
    "pycrypto": ("Crypto",),
    "pycryptodome": ("Crypto",),
    "pycryptodomex": ("Cryptodome",),
    "pyjwt": ("jwt",),
    "pymupdf": ("fitz", "pymupdf"),
    "pyopenssl": ("OpenSSL",),
    "pyserial": ("serial",),
    "python-dateutil": ("dateutil",),
    "python-docx": ("docx",),
    "python-dotenv": ("dotenv",),
    "python-jose": ("jose",),
    "python-magic": ("magic",),
    "python-multipart": ("multipart", "python_multipart"),
    "pyyaml": ("yaml",),
    "pyzmq": ("zmq",),
    "scikit-image": ("skimage",),
    "scikit-learn": ("sklearn",),
    "setuptools": ("setuptools", "pkg_resources"),
}
_LARGEST_BYTES = 8_000_000
_NOT_MODULES = frozenset({"__pycache__", "..", "", "bin"})


def guess(name: str) -> tuple[str, ...]:
    """Return the usual import names of a package.

    >>> guess("pyyaml"), guess("flask-cors"), guess("six")
    (('yaml',), ('flask_cors', 'flask.cors'), ('six',))
    """
    usual = (name.replace("-", "_"), name.replace("-", "."))
    return _WELL_KNOWN.get(name) or tuple(dict.fromkeys(usual))


def from_installations(environments: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the import names of what is installed, by the normal name of the package.

    Args:
        environments: virtual environments, prefixes or site-packages folders.
    """
    names: dict[str, tuple[str, ...]] = {}
    for environment in environments:
        for folder in installed.folders(environment):
            for entry in _listed(folder):
                distribution, _, rest = entry.partition("-")
                if rest.endswith(".dist-info") and (modules := _modules(os.path.join(folder, entry))):
                    names.setdefault(normalise("PyPI", distribution), modules)
    return names


def _listed(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _modules(place: str) -> tuple[str, ...]:
    """Return the names at the top of what a distribution installed: as setuptools lists them, else by its files."""
    try:
        listed = safe_text.text(os.path.join(place, "top_level.txt")).split()
    except safe_text.Malformed:
        listed = []
    return tuple(name.replace("/", ".") for name in listed) or _recorded(place)


def _recorded(place: str) -> tuple[str, ...]:
    import csv

    try:
        record = safe_text.decode(safe_text.content(os.path.join(place, "RECORD"), _LARGEST_BYTES))
        paths = [row[0] for row in csv.reader(record.splitlines()) if row]
    except (safe_text.Malformed, csv.Error):
        return ()
    return tuple(dict.fromkeys(name for path in paths if (name := _top(path))))


def _top(path: str) -> str:
    """Return the importable name at the beginning of an installed path; empty for scripts, data and metadata."""
    first, slash, rest = path.partition("/")
    if first in _NOT_MODULES or first.endswith((".dist-info", ".data")):
        return ""
    if slash:
        return first if rest.endswith((".py", ".so", ".pyd")) and first.isidentifier() else ""
    name = first.partition(".")[0]
    return name if first.endswith((".py", ".so", ".pyd")) and name.isidentifier() else ""
