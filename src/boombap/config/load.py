"""Puts the configuration together: defaults < boombap.toml < .env < environment < flags.

The only module that reads `os.environ`. A server's address is one value in many parts: when a nearer source gives a
``url``, parts from farther sources are dropped with it; inside one source the ``url`` wins over the parts.
"""

from __future__ import annotations

import os
from pathlib import Path

from boombap.config import dotenv
from boombap.config.model import KEYS, SECTIONS, Config
from boombap.config.service_links import split
from boombap.errors import BoombapError, ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from boombap.config.model import Key

    Layer = dict[str, tuple[str, str]]
    """By dotted key: the text that was set, and the place that set it."""

FILE = "boombap.toml"
# Names that other programs of the project read; they are not settings.
_NOT_SETTINGS = ("BOOMBAP_CONFIG", "BOOMBAP_DATA", "BOOMBAP_TEST_SERVERS")


def load(
    flags: Mapping[str, str] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Config:
    """Return the configuration of this run.

    Args:
        flags: by dotted key, what the command line set.
        environ: the environment; the process's own when not given.
        folder: where boombap.toml and .env are looked for; the working folder when not given.

    Raises:
        ConfigError: for an unknown key, with the nearest one, and for a value that does not fit, with its place.
    """
    environ, passed_over = split(os.environ if environ is None else environ)
    folder = folder or Path()
    known = {key.dotted: key for key in KEYS}
    layers = [
        _from_file(_file_path(environ, folder), known),
        _from_dotenv(folder / ".env", known.values()),
        _from_environ(environ, known.values()),
        {name: (text, "command line") for name, text in (flags or {}).items()},
    ]
    names = {name for key in KEYS for name in key.env}
    ours = tuple(name for name in passed_over if name in names or name.startswith("BOOMBAP_"))
    return _build(_merge(layers), known, environ).replace(passed_over=ours)


def _merge(layers: Iterable[Layer]) -> Layer:
    merged: Layer = {}
    for layer in layers:
        for url in [name for name in layer if name.endswith(".url")]:
            merged = _without_parts(merged, url)
        merged |= _without_shadowed(layer)
    return merged


def _without_parts(layer: Layer, url: str) -> Layer:
    section = url.removesuffix("url")
    return {name: value for name, value in layer.items() if not name.startswith(section)}


def _without_shadowed(layer: Layer) -> Layer:
    urls = [name for name in layer if name.endswith(".url")]
    sections = tuple(url.removesuffix("url") for url in urls)
    return {name: value for name, value in layer.items() if name in urls or not name.startswith(sections)}


def _build(layer: Layer, known: Mapping[str, Key], environ: Mapping[str, str]) -> Config:
    values: dict[str, dict[str, object]] = {section: {} for section in SECTIONS}
    for name, (text, place) in layer.items():
        key = known[name]
        values[key.section][key.name] = _parse(key, text, place)
    sections = {section: shape(**values[section]) for section, shape in SECTIONS.items()}
    sources = {name: place for name, (_, place) in layer.items()}
    # Each section's class comes from SECTIONS by its own name, which checkers cannot follow through the mapping.
    return _with_folders(Config(**sections, sources=sources), environ)  # type: ignore[arg-type]


def _parse(key: Key, text: str, place: str) -> object:
    try:
        return key.kind.parse(text)
    except BoombapError as error:
        raise ConfigError(f"{key.dotted} from {place}: {error}", hint=f"expected: {key.kind.name}") from None


def _with_folders(config: Config, environ: Mapping[str, str]) -> Config:
    home = _home(environ)
    data = config.paths.data or Path(environ.get("XDG_DATA_HOME") or home / ".local/share") / "boombap"
    state = config.paths.state or Path(environ.get("XDG_STATE_HOME") or home / ".local/state") / "boombap"
    cache = config.paths.cache or Path(environ.get("XDG_CACHE_HOME") or home / ".cache") / "boombap"
    return config.replace(paths=config.paths.replace(data=data, state=state, cache=cache))


def _home(environ: Mapping[str, str]) -> Path:
    home = environ.get("HOME") or os.path.expanduser("~")  # noqa: PTH111 - Path's raises for a user without a home
    return Path("/" if home == "~" else home)  # as container runtimes set HOME for such a user


def _file_path(environ: Mapping[str, str], folder: Path) -> Path:
    named = environ.get("BOOMBAP_CONFIG")
    if named and not Path(named).is_file():
        raise ConfigError(f"BOOMBAP_CONFIG names {named}, which is not a file")
    return Path(named) if named else folder / FILE


def _from_file(path: Path, known: Mapping[str, Key]) -> Layer:
    if not path.is_file():
        return {}
    import tomllib  # 8 ms, only where a file exists

    try:
        tables = tomllib.loads(_read(path))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from None
    except RecursionError:
        raise ConfigError(f"{path} is nested too deeply") from None
    layer: Layer = {}
    for section, table in tables.items():
        if not isinstance(table, dict):
            raise ConfigError(f"{path}: {section} is not in a section", hint=f"sections are {', '.join(SECTIONS)}")
        for name, value in table.items():
            dotted = f"{section}.{name}"
            if dotted not in known:
                raise _unknown(dotted, known, str(path))
            if text := _as_text(value):
                layer[dotted] = (text, f"{path.name} [{section}]")
    return layer


def _as_text(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _from_dotenv(path: Path, known: Iterable[Key]) -> Layer:
    if not path.is_file():
        return {}
    entries = dotenv.parse(_read(path), str(path))
    places = {name: f"{path.name}:{line}" for name, (line, _) in entries.items()}
    return _from_names({name: value for name, (_, value) in entries.items()}, known, places)


def _from_environ(environ: Mapping[str, str], known: Iterable[Key]) -> Layer:
    return _from_names(environ, known, {})


def _from_names(values: Mapping[str, str], known: Iterable[Key], places: Mapping[str, str]) -> Layer:
    names = {name: key for key in known for name in key.env}
    for name in values:
        if name.startswith("BOOMBAP_") and name not in names and name not in _NOT_SETTINGS:
            raise _unknown(name, names, places.get(name, "environment"))
    layer: Layer = {}
    for name, key in names.items():
        # An empty value means "not set", as compose files and CI systems use it.
        if values.get(name) and key.dotted not in layer:
            layer[key.dotted] = (values[name], f"{places.get(name, 'environment')} {name}")
    return layer


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ConfigError(f"cannot read {path}: {reason}") from None


def _unknown(name: str, known: Iterable[str], place: str) -> ConfigError:
    from difflib import get_close_matches

    # Without the prefix that most names share, and that makes every one of them look near.
    named = {key.removeprefix("BOOMBAP_"): key for key in known}
    nearest = get_close_matches(name.removeprefix("BOOMBAP_"), named, n=1, cutoff=0.6)
    hint = f"did you mean {named[nearest[0]]}" if nearest else "see boombap config show for all keys"
    return ConfigError(f"unknown key {name} in {place}", hint=hint)
