"""Merges the configuration: defaults < boombap.toml < .env < environment < flags.

The only module that reads `os.environ`, but for the home folder (`home`). The address of a server is one value in many
parts: when a nearer source gives a ``url``, parts from farther sources are dropped with it; inside one source the
``url`` wins over the parts.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import MappingProxyType

from boombap.config.home import home_folder
from boombap.config.model import SHARED, Config
from boombap.config.section import Scope
from boombap.config.service_links import split
from boombap.config.sources import Setting, Sources, is_file, read_text
from boombap.errors import BoombapError, ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from boombap.config.section import Key, Section

    Layer = dict[str, Setting]
    """By dotted key, what was set."""

FILE = "boombap.toml"
_MAX_SECRET_BYTES = 65_536


def load(
    scope: Scope | None = None,
    flags: Mapping[str, str] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Config:
    """Return the configuration of this run.

    Args:
        scope: the sections that are read beside the shared ones.
        flags: by dotted key, what the command line set.
        environ: the environment; the process's own when not given.
        folder: where boombap.toml and .env are looked for; the working folder when not given.

    Raises:
        ConfigError: for an unknown key, with the nearest one, and for an invalid value, with its place.
    """
    config, problems = examine(scope, flags, environ=environ, folder=folder)
    if problems:
        raise problems[0]
    return config


def examine(
    scope: Scope | None = None,
    flags: Mapping[str, str] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> tuple[Config, Sequence[ConfigError]]:
    """Return the configuration and every problem; a key with a problem has its default."""
    scope = scope or Scope()
    sections = (*SHARED, *scope.sections)
    environ, passed_over = split(os.environ if environ is None else environ)
    folder = folder or Path()
    sources = Sources(sections, scope)
    layers = [
        _file_layer(sources, environ, folder),
        sources.from_dotenv(folder / ".env"),
        sources.from_variables(environ),
        {name: Setting(text, "command line") for name, text in (flags or {}).items()},
    ]
    names = set(sources.names)
    merged, unused = _merge(layers, sections)
    config = _build(merged, sections, sources).replace(
        passed_over=tuple(name for name in passed_over if name in names or name.startswith("BOOMBAP_")),
        renamed=tuple(_renamed(scope, sources)),
        unused=tuple(unused),
    )
    return _with_folders(config, environ), sources.problems


def _file_layer(sources: Sources, environ: Mapping[str, str], folder: Path) -> Layer:
    named = environ.get("BOOMBAP_CONFIG")
    if named and not is_file(Path(named)):
        sources.problems.append(ConfigError(f"BOOMBAP_CONFIG names {named}, which is not a file"))
        return {}
    return sources.from_toml(Path(named) if named else folder / FILE)


def _merge(layers: Iterable[Layer], sections: Iterable[Section]) -> tuple[Layer, list[str]]:
    """Return the nearest setting of each key, and for each part of an address that a url replaced one sentence."""
    merged: Layer = {}
    unused: list[str] = []
    for layer in layers:
        urls = _urls_by_part(layer, sections)
        for name, url in urls.items():
            replaced = (merged.pop(name, None), layer.get(name))
            unused += [f"{part.place} is not used: {url.place} gives the whole address" for part in replaced if part]
        merged |= {name: setting for name, setting in layer.items() if name not in urls}
    return merged, unused


def _urls_by_part(layer: Layer, sections: Iterable[Section]) -> dict[str, Setting]:
    given = [section for section in sections if section.address and f"{section.name}.url" in layer]
    return {
        f"{section.name}.{part}": layer[f"{section.name}.url"]
        for section in given
        for part in section.address
        if part != "url"
    }


def _build(layer: Layer, sections: Iterable[Section], sources: Sources) -> Config:
    values: dict[str, dict[str, object]] = {section.name: {} for section in sections}
    for name, setting in layer.items():
        key = sources.keys[name]
        try:
            values[key.section][key.name] = _parse(key, setting)
        except ConfigError as error:
            sources.problems.append(error)
    shared = {section.name: section.shape(**values[section.name]) for section in SHARED}
    tools = {section.shape: section.shape(**values[section.name]) for section in sections if section not in SHARED}
    places = {name: setting.place for name, setting in layer.items()}
    # Each shared section's class comes from SHARED by its own name, which checkers cannot follow.
    return Config(**shared, tools=MappingProxyType(tools), sources=places)  # type: ignore[arg-type]


def _parse(key: Key, setting: Setting) -> object:
    text = _secret_text(setting) if setting.is_file else setting.text
    try:
        return key.kind.parse(text)
    except BoombapError as error:
        raise ConfigError(f"{key.dotted} from {setting.place}: {error}", hint=f"expected: {key.kind.name}") from None


def _secret_text(setting: Setting) -> str:
    """Return what the file of a secret holds, without the line ending that editors and `echo` put behind it."""
    path = Path(setting.text)
    # Reading a pipe would block until somebody writes to it.
    if not is_file(path):
        raise ConfigError(f"{setting.place} names {path}, which is not a file that can be read")
    if path.stat().st_size > _MAX_SECRET_BYTES:
        raise ConfigError(f"{setting.place} names {path}, which is larger than 64 KiB", hint="is it the right file")
    try:
        text = read_text(path).removesuffix("\n").removesuffix("\r")
    except ConfigError as error:
        raise ConfigError(f"{setting.place}: {error}") from None
    if not text:
        raise ConfigError(f"{setting.place} names {path}, which is empty")
    return text


def _renamed(scope: Scope, sources: Sources) -> Iterable[str]:
    for old, new in scope.renamed:
        used = [name for name in sources.old_places if name == old or name.startswith(f"{old}.")]
        places = dict.fromkeys(place for name in used for place in sources.old_places[name])
        if places:
            yield f"{old} is now called {new}; rename it in {', '.join(places)}"


def _with_folders(config: Config, environ: Mapping[str, str]) -> Config:
    home = home_folder(environ)
    data = config.paths.data or Path(environ.get("XDG_DATA_HOME") or home / ".local/share") / "boombap"
    state = config.paths.state or Path(environ.get("XDG_STATE_HOME") or home / ".local/state") / "boombap"
    cache = config.paths.cache or Path(environ.get("XDG_CACHE_HOME") or home / ".cache") / "boombap"
    return config.replace(paths=config.paths.replace(data=data, state=state, cache=cache))
