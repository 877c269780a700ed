"""A section of the configuration: the frozen value that a tool reads, and for each key what may be written.

The defaults are those of the value's fields.
"""

from __future__ import annotations

from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.config.kinds import Kind


class Key(Record):
    """One thing that may be set.

    Attributes:
        dotted: the section, which is the table in boombap.toml, and the name in it.
        kind: what may be written.
        doc: its meaning in one phrase.
        names: the environment names, the strongest first; by default it is BOOMBAP_SECTION_NAME.
    """

    dotted: str
    kind: Kind
    doc: str
    names: tuple[str, ...] = ()

    @property
    def section(self) -> str:
        """Return the name of the section."""
        return self.dotted.partition(".")[0]

    @property
    def name(self) -> str:
        """Return the name in the section."""
        return self.dotted.partition(".")[2]

    @property
    def env(self) -> tuple[str, ...]:
        """Return the environment names, the strongest first."""
        return self.names or (variable(self.dotted),)


class Section(Record):
    """One table of boombap.toml.

    Attributes:
        name: the table's name.
        shape: the value that holds it; its docstring says what the section is about.
        keys: what may be set.
        address: names in it that say where one server is; a nearer ``url`` replaces them all.
    """

    name: str
    shape: type[Record]
    keys: tuple[Key, ...]
    address: tuple[str, ...] = ()

    def default(self, key: Key) -> object:
        """Return the value of a key when nothing sets it."""
        return getattr(self.shape, key.name)


class Scope(Record):
    """What a run reads: all keys of its own sections and of the shared ones, of other sections only the name.

    So a tool starts without importing the settings of five others, and a mistake in theirs does not stop it.

    Attributes:
        sections: those of the run, beside the shared ones.
        others: the names of all sections that tools have.
        renamed: new names by old ones, of sections (``cache``) and of keys (``db.connect_timeout``).
    """

    sections: tuple[Section, ...] = ()
    others: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()


def variable(dotted: str) -> str:
    """Return the default environment name of a key.

    >>> variable("db.pool_size")
    'BOOMBAP_DB_POOL_SIZE'
    """
    return f"BOOMBAP_{dotted.replace('.', '_')}".upper()
