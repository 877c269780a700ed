"""XML from outside, read by expat once its entities and document types are refused."""

from __future__ import annotations

from boombap.deps.manifest import safe_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


def root_of(document: str, name: str, what: str) -> Element:
    """Return the root element of a document, with every tag without its namespace.

    Args:
        document: its text.
        name: the tag of the root.
        what: the file is, with its article, for the message when it is something else.

    Raises:
        Malformed: when it is not XML, declares entities, or has another root.
    """
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        # As bytes: a text with an encoding declaration in it is refused.
        root: Element = fromstring(document.encode(), forbid_dtd=True)
    except ParseError as error:
        raise safe_text.Malformed(f"is not valid XML: {str(error).partition(':')[0]}", error.position[0]) from None
    except DefusedXmlException as error:
        raise safe_text.Malformed(f"is refused: its XML could harm a reader ({type(error).__name__})", 1) from None
    except (ValueError, LookupError, RecursionError) as error:
        raise safe_text.Malformed(f"is not valid XML ({type(error).__name__})") from None
    for element in root.iter():
        element.tag = str(element.tag).rpartition("}")[2]
    if root.tag != name:
        raise safe_text.Malformed(f"is not {what}: its root is <{root.tag[:50]}>", 1)
    return root
