"""Reads what is set in boombap.toml, .env and the environment into layers of text; nothing is parsed here.

Problems are collected, so that `config check` can report all of them at once.
"""

from __future__ import annotations

from boombap.config import dotenv, kinds
from boombap.config.section import variable
from boombap.errors import ConfigError
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from boombap.config.section import Key, Scope, Section

# Names that other programs of the project read; they are not settings.
NOT_SETTINGS = ("BOOMBAP_CONFIG", "BOOMBAP_DATA", "BOOMBAP_TEST_SERVERS")
FILE_SUFFIX = "_FILE"


class Setting(Record):
    """A text that was set.

    Attributes:
        place: what set it, for a person.
        is_file: the text names a file that holds the value.
    """

    text: str
    place: str
    is_file: bool = False


class Sources:
    """Reads each source into a layer: settings by dotted key.

    Attributes:
        keys: what may be set, by dotted key.
        problems: invalid settings, in the order of reading.
        old_places: by old name of a section or key, where it was used.
    """

    def __init__(self, sections: Iterable[Section], scope: Scope) -> None:
        self.keys: dict[str, Key] = {key.dotted: key for section in sections for key in section.keys}
        self.problems: list[ConfigError] = []
        self.old_places: dict[str, list[str]] = {}
        self._old = dict(self._old_keys(scope))
        own = {key.section for key in self.keys.values()}
        self._sections = own | {old for old, new in scope.renamed if new in own}
        self._current = own | set(scope.others)
        self._others = {*scope.others, *(old for old, _ in scope.renamed)} - self._sections
        self._names = {name: key for key in self.keys.values() for name in key.env}

    @property
    def names(self) -> list[str]:
        """Return every environment name of a setting, including those that name files."""
        files = [name + FILE_SUFFIX for name, key in self._names.items() if key.kind == kinds.SECRET]
        return [*self._names, *files, *map(variable, self._old)]

    def from_toml(self, path: Path) -> dict[str, Setting]:
        """Read boombap.toml, or another file in its place; a missing file sets nothing."""
        layer: dict[str, Setting] = {}
        for section, table in self._tables(path).items():
            place = f"{path.name} [{section}]"
            if section not in self._sections | self._others:
                self.problems.append(self._unknown("section", section, self._sections | self._others, str(path)))
                continue
            for name, value in table.items():
                text = self._text(value, f"{section}.{name} from {place}")
                dotted = self._known(f"{section}.{name}", str(path))
                # The new name wins, whichever comes first.
                is_old = dotted != f"{section}.{name}"
                if dotted and text and not (is_old and dotted in layer):
                    layer[dotted] = Setting(text, place)
        return layer

    def from_dotenv(self, path: Path) -> dict[str, Setting]:
        """Read .env; a missing file sets nothing."""
        if not self._is_there(path):
            return {}
        try:
            entries = dotenv.parse(read_text(path), str(path))
        except ConfigError as error:
            self.problems.append(error)
            return {}
        places = {name: f"{path.name}:{line}" for name, (line, _) in entries.items()}
        return self.from_variables({name: value for name, (_, value) in entries.items()}, places)

    def from_variables(self, values: Mapping[str, str], places: Mapping[str, str] | None = None) -> dict[str, Setting]:
        """Read variables.

        Args:
            places: where each one was set; the environment when not given.
        """
        places = places or {}
        self._refuse_unknown(values, places)
        layer: dict[str, Setting] = {}
        for name, key in self._names.items():
            setting = self._variable(name, key, values, places)
            if setting and key.dotted not in layer:
                layer[key.dotted] = setting
        for old, new in self._old.items():
            name = variable(old)
            place = places.get(name, "environment")
            if values.get(name):
                self._note_old(old, f"{place} {name}")
                layer.setdefault(new, Setting(values[name], f"{place} {name}"))
        return layer

    def _variable(self, name: str, key: Key, values: Mapping[str, str], places: Mapping[str, str]) -> Setting | None:
        """Return what a name or its `_FILE` sets; an empty value means "not set", as compose files and CI use it."""
        value, from_file = values.get(name), name + FILE_SUFFIX
        path = values.get(from_file) if key.kind == kinds.SECRET else None
        if value and path:
            self.problems.append(ConfigError(f"{name} and {from_file} are both set", hint="keep one of them"))
        if value:
            return Setting(value, f"{places.get(name, 'environment')} {name}")
        return Setting(path, f"{places.get(from_file, 'environment')} {from_file}", is_file=True) if path else None

    def _is_there(self, path: Path) -> bool:
        """Tell whether a file can be read; what is there and is not a file is a problem, not an absence."""
        try:
            if path.is_file():
                return True
            is_other = path.is_symlink() or path.exists()
        except OSError as error:  # a folder that this user may not enter, a name that is too long
            hint = "work in a folder that this user may enter, or change its rights"
            self.problems.append(ConfigError(f"cannot look for {path.absolute()}: {error.strerror}", hint=hint))
            return False
        if is_other:
            self.problems.append(ConfigError(f"{path} is not a file that can be read", hint="remove it"))
        return False

    def _text(self, value: object, place: str) -> str:
        parts = value if isinstance(value, list) else [value]
        if any(isinstance(part, dict | list) for part in parts):
            self.problems.append(ConfigError(f"{place} is a table", hint="write a text, a number, or a list of texts"))
            return ""
        try:
            return ",".join(map(str, parts))
        except ValueError:  # a whole number of more than 4,300 digits, written in hexadecimal
            self.problems.append(ConfigError(f"{place} is a number that is too long"))
            return ""

    def _tables(self, path: Path) -> dict[str, dict[str, object]]:
        if not self._is_there(path):
            return {}
        import tomllib  # 8 ms, only where a file exists

        try:
            tables = tomllib.loads(read_text(path))
        except ConfigError as error:
            self.problems.append(error)
            return {}
        except tomllib.TOMLDecodeError as error:
            self.problems.append(ConfigError(f"{path} is not valid TOML: {error}"))
            return {}
        except ValueError:  # from a whole number of more than 4,300 digits
            self.problems.append(ConfigError(f"{path} holds a number that is too long"))
            return {}
        except RecursionError:
            self.problems.append(ConfigError(f"{path} is nested too deeply"))
            return {}
        for name, table in tables.items():
            if not isinstance(table, dict):
                is_section = name in self._current
                hint = f"write [{name}] once" if is_section else f"sections are {', '.join(sorted(self._current))}"
                reason = "is a section, not a value" if is_section else "is not in a section"
                self.problems.append(ConfigError(f"{path}: {name} {reason}", hint=hint))
        return {name: table for name, table in tables.items() if isinstance(table, dict)}

    def _known(self, dotted: str, place: str) -> str:
        """Return the current name of a key; empty for one of another tool, and for an unknown one."""
        if dotted in self.keys:
            return dotted
        if dotted in self._old:
            self._note_old(dotted, place)
            return self._old[dotted]
        if dotted.partition(".")[0] not in self._others:
            self.problems.append(self._unknown("key", dotted, self.keys, place))
        return ""

    def _refuse_unknown(self, values: Mapping[str, str], places: Mapping[str, str]) -> None:
        known = {*self.names, *NOT_SETTINGS}
        others = tuple(variable(f"{other}.") for other in self._others)
        for name in values:
            if name.startswith("BOOMBAP_") and name not in known and not name.startswith(others):
                place = places.get(name, "environment")
                self.problems.append(self._unknown("key", name, self._names, place))

    def _old_keys(self, scope: Scope) -> Iterator[tuple[str, str]]:
        for old, new in scope.renamed:
            if "." not in old:
                yield from ((f"{old}.{key.name}", key.dotted) for key in self.keys.values() if key.section == new)
            elif new in self.keys:
                yield old, new

    def _note_old(self, dotted: str, place: str) -> None:
        places = self.old_places.setdefault(dotted, [])
        if place not in places:
            places.append(place)

    def _unknown(self, what: str, name: str, known: Iterable[str], place: str) -> ConfigError:
        from difflib import get_close_matches

        # Without the prefix that most names share, and that makes every one of them look near.
        named = {key.removeprefix("BOOMBAP_"): key for key in known}
        nearest = get_close_matches(name.removeprefix("BOOMBAP_"), named, n=1, cutoff=0.6)
        hint = f"did you mean {named[nearest[0]]}" if nearest else "see boombap config show for all keys"
        return ConfigError(f"unknown {what} {name} in {place}", hint=hint)


def is_file(path: Path) -> bool:
    """Tell whether a path leads to a file; one that cannot be followed does not."""
    try:
        return path.is_file()
    except OSError:
        return False


def read_text(path: Path) -> str:
    """Return the text of a file.

    Raises:
        ConfigError: when it cannot be read or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ConfigError(f"cannot read {path}: {reason}") from None
