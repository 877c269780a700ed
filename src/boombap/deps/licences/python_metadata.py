"""The licence in the metadata of an installed Python package.

Source: PEP 639 (License-Expression) and the core metadata specification (License, Classifier).
"""

from __future__ import annotations

from boombap.deps.licences.expressions import stated
from boombap.deps.licences.model import Stated

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_PREFIX = "License :: "
# Only those that name one licence in one version; "BSD License" and "Apache Software License" do not.
_CLASSIFIERS: Mapping[str, str] = {
    "Boost Software License 1.0 (BSL-1.0)": "BSL-1.0",
    "CC0 1.0 Universal (CC0 1.0) Public Domain Dedication": "CC0-1.0",
    "Eclipse Public License 1.0 (EPL-1.0)": "EPL-1.0",
    "Eclipse Public License 2.0 (EPL-2.0)": "EPL-2.0",
    "European Union Public Licence 1.1 (EUPL 1.1)": "EUPL-1.1",
    "European Union Public Licence 1.2 (EUPL 1.2)": "EUPL-1.2",
    "GNU Affero General Public License v3": "AGPL-3.0-only",
    "GNU Affero General Public License v3 or later (AGPLv3+)": "AGPL-3.0-or-later",
    "GNU General Public License v2 (GPLv2)": "GPL-2.0-only",
    "GNU General Public License v2 or later (GPLv2+)": "GPL-2.0-or-later",
    "GNU General Public License v3 (GPLv3)": "GPL-3.0-only",
    "GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "MIT No Attribution License (MIT-0)": "MIT-0",
    "Mozilla Public License 1.1 (MPL 1.1)": "MPL-1.1",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
}


def stated_in(head: str) -> Stated:
    """Return what the head of METADATA or PKG-INFO says: the expression, else the free text, else the classifiers."""
    fields = [(key.strip().lower(), value.strip()) for key, _, value in (line.partition(":") for line in _lines(head))]
    if expression := next((value for key, value in fields if key == "license-expression"), ""):
        return stated(expression, "License-Expression")
    text = next((value for key, value in fields if key == "license" and value.upper() != "UNKNOWN"), "")
    classifiers = [value for key, value in fields if key == "classifier" and value.startswith(_PREFIX)]
    by_text = stated(text, "License") if text else None
    by_classifiers = _of_classifiers(classifiers) if classifiers else None
    if by_text and by_text.expression and by_classifiers and by_classifiers.expression not in ("", by_text.expression):
        return Stated(
            f"{by_text.text}; {by_classifiers.text}",
            "License",
            reason="the field and the classifiers contradict each other",
        )
    given = [each for each in (by_text, by_classifiers) if each]
    return next((each for each in given if each.expression), given[0] if given else _NOTHING)


_NOTHING = Stated("", "", reason="the metadata names no licence")


def _lines(head: str) -> list[str]:
    # A line that begins with a space continues the field before it.
    return [line for line in head.split("\n") if line and not line[0].isspace()]


def _of_classifiers(classifiers: list[str]) -> Stated:
    names = [classifier.removeprefix(_PREFIX).removeprefix("OSI Approved :: ") for classifier in classifiers]
    named = [name for name in dict.fromkeys(names) if name != "OSI Approved"]
    text = "; ".join(named)
    if len(named) > 1:
        return Stated(text, "classifiers", reason="several classifiers do not say whether all of them apply or one")
    expression = _CLASSIFIERS.get(text, "")
    return Stated(text, "classifiers", expression, "" if expression else "the classifier names no licence for certain")
