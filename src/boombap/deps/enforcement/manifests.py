"""Images in YAML: objects of Kubernetes, what Helm has rendered, and Compose files.

Documents are walked as nodes, which know their lines; nothing is constructed, so tags do nothing and an alias is the
same node once more.
"""

from __future__ import annotations

from boombap.deps.enforcement.image_use import ImageUse
from boombap.deps.manifest.documents.yaml_documents import nodes
from boombap.deps.manifest.safe_text import Malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeGuard

    from yaml import MappingNode, Node

# Their data and schemas have keys of any name.
_HOLD_NO_IMAGES = ("ConfigMap", "Secret", "CustomResourceDefinition")
_MOST_MERGES = 50
_TEMPLATE = "{{…}}"


def images_in(file: str, text: str) -> Iterator[ImageUse]:
    """Yield every image that the documents of a file name.

    Args:
        file: its name, for what is found.
        text: its content.

    Raises:
        Malformed: for what is not YAML, has no document, or could harm its reader.
    """
    for document in nodes(text, "manifest"):
        services = _child(document, "services")
        if _child(document, "apiVersion") is None and _is_mapping(services):
            yield from _compose(file, services)
        else:
            yield from _Walk(file).images(document, "", "")


def _compose(file: str, services: MappingNode) -> Iterator[ImageUse]:
    """Yield the images of a Compose file; one that is built there is the result, which has no digest yet."""
    images: dict[int, Node | None] = {}
    builds: dict[int, Node | None] = {}
    for key, service in services.value:
        name = _text(key)
        image = _merged(service, "image", images)
        if image is not None and _merged(service, "build", builds) is None and (_reference(image) or _is_filled(image)):
            yield ImageUse(file, _line(image), f"service {name}", name, _reference(image))


class _Walk:
    """A walk over a document that sees each node once, in the order of the file."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._seen: set[int] = set()

    def images(self, node: Node, place: str, container: str) -> Iterator[ImageUse]:
        """Yield the images of a node: values of `image`, or of its `reference` or `repository`.

        A value that names none, also not further down, is yielded without a name: what it means is not known.
        """
        if id(node) in self._seen or _is_scalar(node):
            return
        self._seen.add(id(node))
        if not _is_mapping(node):
            for item in node.value:
                yield from self.images(item, place, container)
            return
        if _text(_child(node, "kind")) in _HOLD_NO_IMAGES:
            return
        place = _object(node) or place
        container = _text(_child(node, "name")) or container
        for key, value in node.value:
            inner = list(self.images(value, place, container))
            if _text(key) == "image" and ((found := _reference(value)) or (_is_filled(value) and not inner)):
                yield ImageUse(self._file, _line(value), place, container, found)
            yield from inner


def _reference(node: Node) -> str:
    if _is_scalar(node):
        return _text(node)
    if reference := _text(_child(node, "reference")):
        return reference
    repository = _text(_child(node, "repository"))
    tag, digest = _text(_child(node, "tag")), _text(_child(node, "digest"))
    if not repository:
        return _TEMPLATE if _is_template(node) else ""
    return repository + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")


def _is_template(node: Node) -> bool:
    """Tell whether a node is ``{{ … }}``, which is YAML: a mapping whose key is a mapping."""
    return _is_mapping(node) and any(_is_mapping(key) for key, _ in node.value)


def _is_filled(node: Node) -> bool:
    return not _is_scalar(node) and bool(node.value)


def _object(node: Node) -> str:
    """Return kind, namespace and name of an object; empty for a node that is not one."""
    kind, metadata = _text(_child(node, "kind")), _child(node, "metadata")
    if not kind or not _is_mapping(metadata):
        return ""
    name = _text(_child(metadata, "name")) or _text(_child(metadata, "generateName"))
    namespace = _text(_child(metadata, "namespace"))
    return f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}".rstrip()


def _merged(node: Node, key: str, known: dict[int, Node | None], level: int = 0) -> Node | None:
    """Return the value of a key, also of one that a merge key brings.

    Args:
        known: what was found already, by the identity of the node: merge keys may name the same one many times.
        level: of merge keys within merge keys.

    Raises:
        Malformed: for too many of these levels.
    """
    if level > _MOST_MERGES:
        raise Malformed("has merge keys within merge keys", _line(node))
    if id(node) not in known:
        known[id(node)] = None
        found = _child(node, key)
        merge = _child(node, "<<")
        sources = [merge] if _is_mapping(merge) else merge.value if merge is not None and not _is_scalar(merge) else []
        for source in sources if found is None else []:
            found = _merged(source, key, known, level + 1)
            if found is not None:
                break
        known[id(node)] = found
    return known[id(node)]


def _child(node: Node | None, name: str) -> Node | None:
    if node is None or not _is_mapping(node):
        return None
    return next((value for key, value in node.value if _text(key) == name), None)


def _text(node: Node | None) -> str:
    """Return the text of a scalar; empty for null and for anything else."""
    if node is None or not _is_scalar(node) or node.tag.endswith(":null"):
        return ""
    return str(node.value)


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def _is_mapping(node: Node | None) -> TypeGuard[MappingNode]:
    return getattr(node, "id", "") == "mapping"


def _is_scalar(node: Node) -> bool:
    return getattr(node, "id", "") == "scalar"
