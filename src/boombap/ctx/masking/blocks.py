"""Masks the values on the lines below the name of a secret, and keys and Secrets as a whole.

Block scalars, lists, values in quotes that go on below, here-documents; ``data:`` and ``stringData:`` of a Kubernetes
Secret; private keys.
"""

from __future__ import annotations

import re

from boombap.ctx.masking.form import CODE, DATA, PLAIN, SHELL, XML, YAML
from boombap.ctx.masking.names import is_container, strength
from boombap.ctx.masking.shapes import MASK
from boombap.ctx.masking.values import TAGS, default_span, is_literal, is_secret

_KEY = re.compile(
    r"[ \t]*(?:(?:-|export|readonly|ENV|ARG)[ \t]+)?[\"']?([A-Za-z_][\w.-]*)[\"']?[ \t]*"
    r"(?::[ \t]*[\w.\[\]]{1,40}[ \t]*)?(?::|=|:=|=>)[ \t]*(.*)$"
)
_KEY_AT_END = re.compile(r"[\s{,(][\"']?([A-Za-z_][\w.-]*)[\"']?[ \t]*(?::|=|=>)[ \t]*([\[({])$")
_MEMBER_AT_END = re.compile(r"[{,][ \t]*[\"']([A-Za-z_][\w.-]*)[\"'][ \t]*:[ \t]*((?:[\"'`].*)?)$")
_ASSIGNED = re.compile(
    r"[\s{,(.$@*&]([A-Za-z_][\w.-]{0,100})[ \t]{0,9}(?::[ \t]{0,9}[\w.]{1,40}[ \t]{0,9})?"
    r"(?::?=|=>)[ \t]{0,9}([\"'`].*)$"
)
_READ_BELOW = re.compile(
    r"[ \t]*read[ \t](?:.{0,200}[ \t])?([A-Za-z_]\w*)[ \t]*(<<[-~]?[ \t]*[\"']?\w{1,40}[\"']?)[ \t]*$"
)
_KEYS_WITHIN = (_KEY_AT_END, _MEMBER_AT_END, _ASSIGNED, _READ_BELOW)
_UNCLOSED = re.compile(r"([\"'])(?:(?!\1)[^\\]|\\.)*\\?$")
_MOST_QUOTED_LINES = 100
_OPENED = re.compile(r"(?:[&!][\w!:/.-]{1,60}[ \t]*)?[|>][-+\d]{0,3}[ \t]*(?:#.*)?$")
_HERE = re.compile(r"<<[-~]?[ \t]*[\"']?(\w{1,40})[\"']?[ \t]*$")
_TRIPLE = re.compile(r"[bBrRuUfF]{0,2}(\"\"\"|''')")
_SCALAR = re.compile(
    rf"([ \t]*(?:-[ \t]+)?{TAGS}"
    r"[bBrRuUfF]{0,2}[\"']?)([^\s\"',#][^\"'\n]*?)([\"']?[ \t]*[,)\];]*[ \t]*(?:#.*|//.*)?)$"
)
# An operator may join it with the text before or after it.
_QUOTED = re.compile(
    r"([ \t]*(?:-[ \t]+|[+.~&]{1,2}[ \t]*)?[bBrRuUfF]{0,2}[\"'`])([^\"'`\n]*)([\"'`][ \t,)\]};+.~&\\]*(?:#.*|//.*)?)$"
)
_TEXT = re.compile(r"[bBrRuUfF]{0,2}([\"'`])(?:(?!\1)[^\\]|\\.)*\1[ \t]*(?P<joined>[+.~&\\]{0,2})$")
_PAIR = re.compile(
    rf"([ \t]*(?:-[ \t]+)?[\"']?([\w./-]+)[\"']?[ \t]*[:=][ \t]*{TAGS}[\"']?)"
    r"([^\s\"'|>{\[&!][^\"'\n]*?)([\"']?[ \t]*,?[ \t]*(?: #.*)?)$"
)
_KUBERNETES = re.compile(
    r"^[ \t-]*[\"']?kind[\"']?[ \t]*:[ \t]*[\"']?Secret[\"']?[ \t]*,?[ \t]*(?:#.*)?$", re.MULTILINE
)
_DATA = re.compile(r"[ \t]*(?:-[ \t]+)?[\"']?(?:data|stringData)[\"']?[ \t]*:[ \t]*(.*)$")
_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_KEY_LINE = re.compile(r"[\s\"'+#*>|/-]*(?:[A-Za-z0-9+/=]{16,}|[A-Za-z-]{4,20}: .*)?[\s\"'\\n,+;)]*$")
_KEY_REST = re.compile(r"[\s\"'+#*>|/-]*[A-Za-z0-9+/=]{1,15}$")
_KEY_START = re.compile(r"(?:\\n|\s){0,9}[A-Za-z0-9+/=]{8,}")
_MOST_KEY_LINES = 150
_OWN_VALUE = frozenset("value default plain plaintext data literal content raw current".split())
NOT_SECRET = frozenset(
    (
        "name file path user username type ref ttl external url uri host hostname port enabled required description"
        " source target mode mount mountpath kind email id algorithm issuer audience driver environment key version"
        " namespace secretname secretkey provider engine region policy length size expires title format label scope"
    ).split()
)


def mask_private_keys(lines: list[str]) -> None:
    """Mask the lines between the marks of a private key."""
    number = 0
    while number < len(lines):
        begin = _BEGIN.search(lines[number])
        if begin:
            number = _mask_key(lines, number, begin.end())
        number += 1


def _mask_key(lines: list[str], number: int, index: int) -> int:
    """Mask one key and return its last line."""
    line = lines[number]
    same = _END.search(line, index)
    rest = line[index : same.start() if same else len(line)]
    if len(rest) > 8 if same else _KEY_START.match(rest):  # noqa: PLR2004 - more than quotes and a line end
        tail = line[same.start() :] if same else ""
        lines[number] = line[:index] + MASK + tail
    if same:
        return number
    last = _key_end(lines, number)
    for current in range(number + 1, last + 1):
        if not _END.search(lines[current]):
            text = lines[current]
            lines[current] = text[: len(text) - len(text.lstrip())] + MASK * bool(text.strip())
    return last


def _key_end(lines: list[str], number: int) -> int:
    last = min(number + _MOST_KEY_LINES, len(lines) - 1)
    for current in range(number + 1, last + 1):
        if _END.search(lines[current]):
            return current
        if "(" in lines[current] or "{" in lines[current] or _BEGIN.search(lines[current]):
            break
    current = number
    while current < len(lines) - 1 and (_KEY_LINE.match(lines[current + 1]) or lines[current + 1].strip() == MASK):
        current += 1
    # The last line of a key that is cut off may be short.
    return current + 1 if number < current < len(lines) - 1 and _KEY_REST.match(lines[current + 1]) else current


def mask_kubernetes(lines: list[str], text: str) -> None:
    """Mask every value below ``data:`` and ``stringData:`` in documents of the kind Secret."""
    if "Secret" not in text or not _KUBERNETES.search(text):
        return
    start = 0
    for number in range(len(lines) + 1):
        if number == len(lines) or lines[number].startswith("---"):
            if any(_KUBERNETES.match(line) for line in lines[start:number]):
                _mask_data(lines, start, number)
            start = number + 1


def _mask_data(lines: list[str], start: int, stop: int) -> None:
    number = start
    while number < stop:
        data = _DATA.match(lines[number])
        if data is None:
            number += 1
            continue
        if data[1].startswith("{") and data[1].rstrip(" ,") != "{":
            lines[number] = lines[number][: data.start(1)] + _mask_flow(data[1])
        number = _mask_below(lines, number, stop)


def _mask_flow(text: str) -> str:
    return re.sub(
        r"(:[ \t]*[\"']?)([^\s\"',{}]+)", lambda part: part[1] + (MASK if is_literal(part[2]) else part[2]), text
    )


def _mask_below(lines: list[str], number: int, stop: int) -> int:
    top = depth(lines[number])
    number += 1
    key_depth = -1
    while number < stop and (_is_template(lines[number]) or depth(lines[number]) > top):
        line = lines[number]
        pair = _PAIR.match(line)
        if line.lstrip().startswith(("#", "{{")) or not line.strip():
            pass
        elif pair and (key_depth < 0 or depth(line) <= key_depth):
            key_depth = depth(line)
            lines[number] = _with_literal_masked(pair[1], pair[3], line[pair.end(3) :])
        elif key_depth < 0 or depth(line) <= key_depth:
            key_depth = depth(line)
            lines[number] = _with_literal_masked("", line, "") if default_span(line) else line
        else:
            lines[number] = _mask_whole(line)
        number += 1
    return number


def _is_template(line: str) -> bool:
    """Tell whether a line has no depth of its own: it is empty, or a statement of Helm."""
    return not line.strip() or line.lstrip().startswith("{{")


def _with_literal_masked(head: str, value: str, tail: str) -> str:
    fallback = default_span(value)
    if fallback:
        return head + value[: fallback[0]] + MASK + value[fallback[1] :] + tail
    return head + (MASK if is_literal(value) else value) + tail


def _mask_whole(line: str) -> str:
    text = line.strip()
    return line[: len(line) - len(line.lstrip())] + (MASK if is_literal(text) else text)


def mask_under(lines: list[str], number: int, form: str) -> int:
    """Mask what is below the line of a secret's name; return the last line that was masked as a block."""
    key = _key_of(lines[number], form)
    if key is None:
        return number
    name, rest = key[1], key[2].strip()
    if rest in {"", "[", "(", "{", "\\"} or rest.startswith("#") or _is_open_list(rest):
        _mask_children(lines, number, name, form)
        return number
    if form == YAML and (_OPENED.match(rest) or _is_continued(lines, number, name, rest)):
        return _mask_indented(lines, number)
    if form in {CODE, DATA} and (text := _TEXT.match(rest)):
        _mask_joined(lines, number, name, is_joined=bool(text["joined"]))
        return number
    if form in {PLAIN, SHELL} and _goes_on(lines[number], key, form):
        _mask_continued(lines, number, name, form)
        return number
    if form in {YAML, PLAIN, SHELL} and (quoted := _UNCLOSED.match(rest)):
        return _mask_quoted(lines, number, quoted[1])
    if triple := _TRIPLE.match(rest):
        return _mask_to(lines, number, triple[1]) if rest.count(triple[1]) == 1 else number
    here = _HERE.match(rest)
    return _mask_to(lines, number, here[1]) if here else number


def _goes_on(line: str, key: re.Match[str], form: str) -> bool:
    r"""Tell whether a value goes on below: not where a shell reads the next line as a command, ``TOKEN=x \``."""
    value = key[2]
    if not value.endswith("\\") or value.endswith("\\\\"):
        return False
    is_word = value[-2:-1] not in " \t"
    return form == PLAIN or is_word or line[key.start(2) - 1] in " \t"


def _mask_continued(lines: list[str], number: int, name: str, form: str) -> None:
    """Mask the lines below that a backslash joins to the value of a name."""
    while lines[number].endswith("\\") and number + 1 < len(lines):
        number += 1
        line = lines[number]
        text = line.removesuffix("\\")
        lines[number] = mask_child(text, name, form, all_count=False) + line[len(text) :]


def _mask_joined(lines: list[str], number: int, name: str, *, is_joined: bool) -> None:
    """Mask the texts on the lines below that are joined to the one on the line of the name."""
    top, current = depth(lines[number]), number + 1
    while current < len(lines) and (text := _QUOTED.match(lines[current])):
        begins_joined = text[1].lstrip()[0] in "+.~&"
        if not (is_joined or begins_joined or depth(lines[current]) > top):
            return
        lines[current] = mask_child(lines[current], name, CODE, all_count=False)
        is_joined = text[3].rstrip()[-1] in "+.~&\\"
        if text[3].strip("\"'` \t")[:1] in {",", ";"}:
            return
        current += 1


def _is_open_list(rest: str) -> bool:
    """Tell whether a list begins on the line of its name and ends further down."""
    return any(
        rest.startswith(opening) and rest.count(opening) > rest.count(closing) for opening, closing in ("[]", "()")
    )


def _key_of(line: str, form: str) -> re.Match[str] | None:
    """Return the name of a secret, and what follows it on its line."""
    if form == XML:
        return None
    keys = [_KEY.match(line), *(pattern.search(line) for pattern in _KEYS_WITHIN)]
    return next((key for key in keys if key and strength(key[1])), None)


def _mask_indented(lines: list[str], number: int) -> int:
    top, current = depth(lines[number]), number
    while current + 1 < len(lines) and (not lines[current + 1].strip() or depth(lines[current + 1]) > top):
        current += 1
        lines[current] = _mask_whole(lines[current])
    return current


def _mask_quoted(lines: list[str], number: int, mark: str) -> int:
    """Mask a value in quotes on the lines below, to the one that closes it."""
    last = min(number + _MOST_QUOTED_LINES, len(lines) - 1)
    stop = next((current for current in range(number + 1, last + 1) if mark in lines[current]), 0)
    for current in range(number + 1, stop + 1):
        text = lines[current]
        end = text.index(mark) if current == stop else len(text)
        lines[current] = _mask_whole(text[:end]) + text[end:]
    return number


def _is_continued(lines: list[str], number: int, name: str, value: str) -> bool:
    """Tell whether a secret without quotes goes on in the next line of YAML."""
    below = lines[number + 1] if number + 1 < len(lines) else ""
    words = below.lstrip()
    if not words or value[0] in "\"'" or depth(below) <= depth(lines[number]) or words.startswith(("#", "- ", "{{")):
        return False
    is_entry = ": " in words or words.endswith(":") or "=" in words
    return not is_entry and is_secret(value, name, is_quoted=True, is_code=False)


def _mask_to(lines: list[str], number: int, mark: str) -> int:
    current = number + 1
    while current < len(lines) and mark not in lines[current]:
        lines[current] = _mask_whole(lines[current])
        current += 1
    return min(current, len(lines) - 1)


def _mask_children(lines: list[str], number: int, name: str, form: str) -> None:
    """Mask list items and one-line texts; of mappings only where the key says that every value is a secret."""
    top, current, first = depth(lines[number]), number + 1, -1
    all_count = is_container(name)
    while current < len(lines) and (not lines[current].strip() or _is_below(lines[current], top, form)):
        if lines[current].strip():
            first = depth(lines[current]) if first < 0 else first
            if depth(lines[current]) == first:
                lines[current] = mask_child(lines[current], name, form, all_count=all_count)
        current += 1


def _is_below(line: str, top: int, form: str) -> bool:
    return depth(line) > top or (form == YAML and depth(line) == top and line.lstrip().startswith("- "))


def mask_child(line: str, name: str, form: str, *, all_count: bool) -> str:
    """Return a line below a secret's name with its item masked; with `all_count` the value of any key."""
    pair = _PAIR.match(line)
    if pair and (form == YAML or (all_count and pair[1][-1] in "\"'")):
        child = pair[2].lower().replace("_", "").replace("-", "")
        is_asked = child in _OWN_VALUE or (all_count and child not in NOT_SECRET)
        is_found = is_asked and is_secret(pair[3], name, is_quoted=True, is_code=False)
        return pair[1] + MASK + pair[4] if is_found else line
    if form == YAML and ":" in line and not line.lstrip().startswith("- "):
        return line
    item = (_SCALAR if form in {YAML, PLAIN, SHELL} else _QUOTED).match(line)
    if item and is_secret(item[2], name, is_quoted=True, is_code=form not in {YAML, DATA}):
        return item[1] + MASK + item[3]
    return line


def depth(line: str) -> int:
    """Return how many blanks a line begins with."""
    return len(line) - len(line.lstrip())
