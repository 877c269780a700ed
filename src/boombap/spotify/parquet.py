"""An export as Parquet: typed columns, written row group by row group while the rows come."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from boombap.errors import UsageError
from boombap.spotify.commands.export import ExportedRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import ModuleType
    from typing import BinaryIO

# What readers of Parquet filter by; a chunk of an export is too small for a group.
_GROUP_ROWS = 20_000
_TYPES = {"id": "int64", "duration_ms": "int32", "explicit": "bool_", "popularity": "int16"}


def load() -> ModuleType:
    """Return the library, which is an extra of its own.

    Raises:
        UsageError: it is not installed.
    """
    try:
        import pyarrow as pa  # type: ignore[import-untyped]
        import pyarrow.parquet  # type: ignore[import-untyped]
    except ModuleNotFoundError:
        hint = "pip install 'boombap[parquet]'"
        raise UsageError("--format parquet needs pyarrow, which is not installed", hint=hint) from None
    module: ModuleType = pa
    return module


def write(pa: ModuleType, out: BinaryIO, chunks: Iterable[list[ExportedRow]]) -> int:
    """Write rows and return how many there were.

    Args:
        pa: from `load`.
    """
    schema, count = _schema(pa), 0
    with pa.parquet.ParquetWriter(out, schema, compression="zstd") as writer:
        for rows in _groups(chunks):
            columns = [
                pa.array(values, field.type) for values, field in zip(zip(*rows, strict=True), schema, strict=True)
            ]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))
            count += len(rows)
    return count


def _schema(pa: ModuleType) -> Any:  # noqa: ANN401 - a type of the extra
    types = {name: getattr(pa, _TYPES.get(name, "string"))() for name in ExportedRow._fields}
    return pa.schema(types | {"artists": pa.list_(pa.string())})


def _groups(chunks: Iterable[list[ExportedRow]]) -> Iterator[list[ExportedRow]]:
    group: list[ExportedRow] = []
    for row in chain.from_iterable(chunks):
        group.append(row)
        if len(group) >= _GROUP_ROWS:
            yield group
            group = []
    if group:
        yield group
