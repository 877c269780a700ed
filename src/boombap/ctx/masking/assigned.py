"""Masks the values after the name of a secret, on its line: ``password: x``, ``TOKEN=x``, ``"pwd": "x"``."""

from __future__ import annotations

import re

from boombap.ctx.masking.form import CODE, DATA, PLAIN, PROSE, SHELL, SQL, XML, YAML
from boombap.ctx.masking.names import STRONG, is_container, strength
from boombap.ctx.masking.shapes import MASK
from boombap.ctx.masking.values import LONGEST, TAGS, default_span, is_secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = re.compile(r"[A-Za-zА-Яа-яЁё_][\w.-]*")
# Every repeat is bounded: a line of a million blanks after a name must not cost more than it is long.
_AFTER = re.compile(
    r"""(?P<close>\\?["'`]?[\])]{0,2}(?:\[\d{0,6}\])?)
    (?:[ \t]{0,40}\??:[ \t]{0,9}[&\w.\[\]|<>?, ]{1,60}?(?=[ \t]{0,9}=[^=])|[ \t]{1,9}string\b)?
    [ \t]{0,40}
    (?P<sign><<<|===?|!==?|:=|=>|\?=|\+=|\|\|=?|\?\?=?|\?:|\{(?=["'])|\|(?=[ ]{0,9}`)
        |or(?=[ \t]{1,9}["'])|[=:>,]|(?:IS[ ]|is[ ])?(?=[ \t"']))
    [ \t]{0,40}""",
    re.VERBOSE,
)
_VALUE_BESIDE = re.compile(
    r"\\?[\"']?[ \t]{0,9}[,;]?[ \t]{0,9}\\?[\"']?(?:value|default|content)\\?[\"']?[ \t]{0,9}[:=][ \t]{0,9}"
)
# The other way round: ``{"value": "x", "name": "DB_PASSWORD"}``.
_VALUE_AHEAD = re.compile(
    r"(?:value|content)\\?[\"']?[ \t]{0,9}[:=][ \t]{0,9}\\?[\"']?([^\s\"'\\,{}]{1,200})\\?[\"']?"
    r"[ \t]{0,9}[, ][ \t]{0,9}\\?[\"']?"
    r"(?:name|key|id)\\?[\"']?[ \t]{0,9}[:=][ \t]{0,9}\\?[\"']?$"
)
# What a reference falls back to inside its braces: ``${TOKEN:-x}``, ``${app.secret:x}``.
_INSIDE = re.compile(r"(?::[-=]?|[-=])([^}\s{$?\"']{3,200})\}")
# What a value falls back to further on: ``getenv("P") or "x"``, ``default="x"``, ``{ get; set; } = "x"``.
_FALLBACK = re.compile(
    r"(?:[^;\n#]{0,160}?(?:\bor\b(?![ ]{0,9}`)|\|\||\?\?|\?:|\bunwrap_or\("
    r"|\w(?:OrElse|_or_else|OrDefault)\(|\bdefault[ ]?=)"
    r"|[ ]?\{[^{}\n]{0,60}\}[ ]?=|[\"']\)[ ]?\{)[ \t]{0,9}[bBrRuUfF]{0,2}([\"'`])"
)
# What a condition chooses: ``isTest ? "x" : "y"``, ``"x" if is_test else "y"``.
_CHOICE = re.compile(
    r"[\"'`]?[ \t]{0,9}[:=][ \t]{0,9}(?:[^;\n#?]{1,160}\?[ \t]{0,9}"
    r"(?:([\"'`])(?P<first>[^\"'`\n]{1,200})\1|[^:;\"'`\n]{1,80}?)[ \t]{0,9}:"
    r"|[^;\n#]{1,200}?[ \t]if[ \t][^;\n#]{1,160}?[ \t]else)[ \t]{0,9}(?:([\"'`])(?P<second>[^\"'`\n]{1,200})\3)?"
)
_UNPACKED = re.compile(
    r"[ \t]*(?:const |let |var )?[\[(]?([\w.]{1,60}(?:,[ ]?[\w.]{1,60}){1,9})[\])]?[ ]?:?=[ ]?[\[(]?(?=[^=])"
)
_UNPACKED_VALUE = re.compile(r"[ ]{0,4}(?:([\"'])([^\"'\n]{0,200})\1|[^,\"'\n(\[{]{1,200})[ ]{0,4}(?:,|[\])]?[;]?$)")
_NAME_BEFORE = re.compile(r"(?:name|key|id)\\?[\"']?[ \t]{0,9}[:=][ \t]{0,9}\\?[\"']?$", re.IGNORECASE)
# A value may be wrapped: ``SecretStr("x")``, ``Field(default="x")``.
_OPEN = re.compile(
    r"(?:(?:pydantic\.)?(?:SecretStr|SecretBytes|Secret|str|String::from|Some|bytes|bytearray|\[\]byte"
    r"|(?:base64\.)?(?:std)?[bB]64decode|Buffer\.from)\(|Field\((?:default=)?)?"
    r"(?:[bBrRuUfFL@$&]{1,2}(?=[\"'])|r#{1,3}(?=\"))?(\\?(?:\"\"\"|'''|[\"'`])|(?:%[qQwWiI]|~[sSwW]|\b[qQ]'|\bq[qw]?)[(\[{<|])"
)
_CLOSES = {"(": ")", "[": "]", "{": "}", "<": ">", "|": "|"}
_REST = {
    '"': re.compile(r'[^"\\\n]*(?:\\.[^"\\\n]*)*'),
    "'": re.compile(r"[^'\\\n]*(?:\\.[^'\\\n]*)*"),
    "`": re.compile(r"[^`\n]*"),
}
_ITEM = re.compile(r"[ \t,]{0,40}[bBrRuUfF]{0,2}(\\?[\"'`]|)")
_GO_SLICE = re.compile(r"\[\d{0,6}\](?:string|byte)\{")
_FLOW_VALUE = re.compile(r"[^,}\]]+")
_GETTER = re.compile(
    r"(?:get|getenv|environ|env|fetch|set|setenv|putenv|setdefault|setitem|property|config|str|secret|parameter"
    r"|attribute|define|header|add|put)"
    r"\((?:\\?[\"'][\w.-]{1,40}\\?[\"'],[ ]?)?\\?[\"']$",
    re.IGNORECASE,
)
# Ruby's ``set :password, "x"``.
_SYMBOL_SETTER = re.compile(r"\b(?:set|put|store|add|write|fetch|define|default|setting|config|let)!?[ (]{1,2}:$")
# Words of nginx, Apache, HAProxy and Caddy that a name and its value follow.
_DIRECTIVE = re.compile(
    r"(?i:\b(?:(?:proxy|grpc)_set_header|(?:fastcgi|scgi|uwsgi)_param|add_header|more_set_(?:input_)?headers"
    r"|(?:request|response)header[ \t]{1,4}(?:set|add|append|merge)|header_(?:up|down)|(?:set|add)-header"
    r"|header[ \t]{1,4}(?:always[ \t]{1,4})?(?:set|add|append)|setenv|passenv|env_var|set))[ \t]{1,9}[\"']?\$?$"
)
_DIRECTIVE_VALUE = re.compile(r"[^\s;\"'`{}]+")
# ``<property name="password"><value>x``, ``<key>password</key><string>x``.
_ELEMENT_BESIDE = re.compile(
    r"(?:[\"'][^<>\n]{0,200}>|</[\w:.-]{1,40}>)[ \t]{0,40}<(?:[\w:.-]{0,40}value|string)(?:[ ][^<>\n]{0,80})?>"
    r"(?:<!\[CDATA\[)?(?=([^<>\]\n]{1,600}))"
)
_DICT_VALUE = re.compile(r"[:=>][ \t]{0,9}\\?([\"'])([^\"'\n{}]{1,200}?)\\?\1")
_TO_SPACE = re.compile(r"[^\s;&|\"'`<>)]+")
_IN_STRING = re.compile(r"[^\s;&|\"'`<>,){}\\]{3,500}")
_COMMENT = re.compile(r"[ \t]+[#;].*$")
_TAGS = re.compile(TAGS)
_ONE_WORD = re.compile(r"\S+$")
# Lines of code that are written for people; an export line is common in manuals.
_COMMENTS = ("#", "//", "* ", "-- ", "export ", "$ export ")
_UPPER_NAME = re.compile(r"[A-Z][A-Z0-9_]+$")
_ALONE = re.compile(r"[ \t>*-]{0,20}[\"'`]?[\w.-]+[\"'`]?[ \t]{0,9}[=:][ \t]{0,9}$")
_CDATA = "<![CDATA["
_MAKE_VARIABLE = re.compile(r"(?:export |override |unexport )?[ \t]{0,9}[\w.-]{1,100}[ \t]{1,9}=[ \t]{0,9}$")
_LOOKED_BACK = 2_000


def mask_line(line: str, form: str) -> str:
    """Return a line with the values of its secret names replaced."""
    parts: list[str] = []
    done = 0
    for start, stop in sorted({*_spans(line, form), *_unpacked(line, form)}):
        if start < done:
            continue
        parts += line[done:start], MASK
        done = stop
    return "".join(parts) + line[done:] if parts else line


def _spans(line: str, form: str) -> Iterator[tuple[int, int]]:
    done = 0
    for key in _NAME.finditer(line):
        if key.start() < done or not strength(key[0].rstrip(".-")):
            continue
        for span in _spans_of(line, key, form):
            yield span
            done = span[1]


def _unpacked(line: str, form: str) -> Iterator[tuple[int, int]]:
    """Yield the values of secret names in an assignment of several: ``user, password = "dj", "x"``."""
    targets = _UNPACKED.match(line) if form == CODE and "," in line else None
    if targets is None:
        return
    index = targets.end()
    for name in targets[1].split(","):
        value = _UNPACKED_VALUE.match(line, index)
        if value is None:
            return
        if value[1] and is_secret(value[2], name.strip(), is_quoted=True, is_code=True):
            yield value.span(2)
        index = value.end()


def _spans_of(line: str, key: re.Match[str], form: str) -> Iterator[tuple[int, int]]:
    if line.startswith("${", max(0, key.start() - 2)):
        if inner := _inner_default(line, key, form):
            yield inner
        return
    after = _AFTER.match(line, key.end())
    opened = line[after.end() : after.end() + 1] if after and after["sign"] else ""
    if after and (slice_ := _GO_SLICE.match(line, after.end())):
        yield from _items(line, slice_.end(), key[0], form)
    elif after and opened in {"[", "("} and not line.startswith("[]", after.end()):
        yield from _items(line, after.end() + 1, key[0], form)
    elif after and opened == "{" and form in {CODE, DATA} and is_container(key[0]):
        yield from _members(line, after.end() + 1, key[0], form)
    elif span := _span(line, key, form) or _fallback(line, key, form):
        yield span
    if form == CODE and (choice := _CHOICE.match(line, key.end())):
        yield from _choices(line, choice, key[0])


def _inner_default(line: str, key: re.Match[str], form: str) -> tuple[int, int] | None:
    """Return what a reference falls back to; not the numbers of a part of it: ``${TOKEN:0:8}``."""
    inside = _INSIDE.match(line, key.end())
    if inside is None or inside[1].replace(":", "").replace("-", "").isdigit():
        return None
    return _checked(line, *inside.span(1), key[0], form, is_quoted=True)


def _fallback(line: str, key: re.Match[str], form: str) -> tuple[int, int] | None:
    """Return the literal that is used as a secret where its source has none."""
    other = _FALLBACK.match(line, key.end()) if form == CODE and key[0] != "pass" else None
    if other is None:
        return None
    return _checked(line, other.end(), _closing(line, other.end(), other[1]), key[0], form, is_quoted=True)


def _choices(line: str, choice: re.Match[str], name: str) -> Iterator[tuple[int, int]]:
    for branch in ("first", "second"):
        if choice[branch] and (span := _checked(line, *choice.span(branch), name, CODE, is_quoted=True)):
            yield span


def _items(line: str, index: int, name: str, form: str) -> Iterator[tuple[int, int]]:
    """Yield the items of a list on one line; of ``auth=("user", "x")`` the second is a password."""
    item, count = _ITEM.match(line, index), 0
    while item and (item[1] or form == YAML):
        mark = item[1]
        end = _closing(line, item.end(), mark) if mark else _to_delimiter(line, item.end())
        asked = "password" if count == 1 and name.lower().endswith("auth") else name
        span = _checked(line, item.end(), end, asked, form, is_quoted=bool(mark))
        if span:
            yield span
        index, count = end + len(mark), count + 1
        item = _ITEM.match(line, index) if line[index : index + 40].lstrip().startswith(",") else None


def _members(line: str, index: int, name: str, form: str) -> Iterator[tuple[int, int]]:
    """Yield the values of a mapping on one line."""
    end = line.find("}", index)
    for member in _DICT_VALUE.finditer(line, index, end if end > 0 else len(line)):
        if is_secret(member[2], name, is_quoted=True, is_code=form == CODE):
            yield member.span(2)


def _to_delimiter(line: str, index: int) -> int:
    value = _FLOW_VALUE.match(line, index)
    return value.end() if value else index


def _span(line: str, key: re.Match[str], form: str) -> tuple[int, int] | None:
    name = key[0].rstrip(".-")
    beside = _VALUE_BESIDE.match(line, key.end())
    if beside and _NAME_BEFORE.search(line[max(0, key.start() - 40) : key.start()]):
        return _value_span(line, beside.end(), name, form, "=")
    ahead = _VALUE_AHEAD.search(line[max(0, key.start() - 260) : key.start()])
    if ahead:
        start = max(0, key.start() - 260)
        return _checked(line, start + ahead.start(1), start + ahead.end(1), name, form, is_quoted=True)
    if element := _ELEMENT_BESIDE.match(line, key.end()):
        return _checked(line, *element.span(1), name, form, is_quoted=True)
    after = _AFTER.match(line, key.end())
    if after is None:
        return None
    sign, index = after["sign"].strip(), after.end()
    if sign == "," and not _is_pair(line, key, after["close"], form):
        return None
    if sign == "|" and not (form == PROSE and _has_digit(line, index + 1)):
        return None
    if not sign and _DIRECTIVE.search(line[max(0, key.start() - 80) : key.start()]):
        return _directive_span(line, index, name)
    if not sign and not _may_follow_a_space(line, key, form):
        return None
    return _value_span(line, index, name, form, sign, is_adjacent=after.end() == key.end() + len(sign))


def _directive_span(line: str, index: int, name: str) -> tuple[int, int] | None:
    quoted = _OPEN.match(line, index)
    if quoted:
        return _checked(line, quoted.end(), _closing(line, quoted.end(), quoted[1]), name, PLAIN, is_quoted=True)
    return _checked_match(line, index, name, PLAIN, _DIRECTIVE_VALUE)


def _is_pair(line: str, key: re.Match[str], close: str, form: str) -> bool:
    """Tell whether the comma is between a name and its value: ``getenv("TOKEN", "x")``, ``"--password", "x"``."""
    before = line[max(0, key.start() - 80) : key.start()]
    if form == SQL:
        return close == "'" and before.endswith("'")
    if form == CODE and not close:
        return _SYMBOL_SETTER.search(before) is not None
    return bool(close) and (before.endswith(("--", '"-', "'-")) or _GETTER.search(before) is not None)


def _may_follow_a_space(line: str, key: re.Match[str], form: str) -> bool:
    before = line[max(0, key.start() - 40) : key.start()]
    if before.endswith("--") or (form == SHELL and re.search(r"\b(?:ENV|ARG|setenv|set -\w+)\s+$", before)):
        return True
    following = line[key.end() : key.end() + 40].lstrip()[:1]
    if before.endswith("define ") or (
        form == PROSE and following == "`" and _has_digit(line, line.find("`", key.end()) + 1)
    ):
        return True
    if form == SQL or key[0] in {"PASSWORD", "IDENTIFIED"}:
        return following == "'"
    if form in {CODE, PLAIN} and following in {"'", '"'}:
        # A word of a configuration language, as Gradle's and nginx's: Python has no such statement.
        return strength(key[0]) == STRONG and (form == PLAIN or not before.strip())
    return (
        form == PLAIN and key[0] in {"requirepass", "masterauth", "password"} | _dotted(key[0]) and not before.strip()
    )


def _dotted(name: str) -> set[str]:
    return {name} if "." in name and strength(name) == STRONG else set()


def _value_span(
    line: str, index: int, name: str, form: str, sign: str, *, is_adjacent: bool = False
) -> tuple[int, int] | None:
    if form == YAML and (tags := _TAGS.match(line, index)):
        index = tags.end()
    quoted = _OPEN.match(line, index)
    if quoted:
        start = quoted.end()
        return _checked(line, start, _closing(line, start, quoted[1]), name, form, is_quoted=True)
    if sign in {"==", "===", "!=", "!==", "or", "||", "??", ","}:
        return (
            None if form in {CODE, DATA, PROSE} or sign != "," else _checked_match(line, index, name, form, _TO_SPACE)
        )
    return _bare_span(line, index, name, form, sign, is_adjacent=is_adjacent)


def _closing(line: str, start: int, mark: str) -> int:
    if len(mark) > 1:
        end = line.find(_CLOSES.get(mark[-1], mark), start)
        return end if end >= 0 else len(line)
    rest = _REST[mark].match(line, start)
    return rest.end() if rest else len(line)


def _bare_span(line: str, index: int, name: str, form: str, sign: str, *, is_adjacent: bool) -> tuple[int, int] | None:
    if sign == ">":
        if line.startswith(_CDATA, index):
            index += len(_CDATA)
            end = line.find("]]>", index)
            return _checked(line, index, end if end > 0 else len(line), name, form, is_quoted=True)
        end = line.find("<", index)
        return _checked(line, index, end if end > 0 else len(line), name, form, is_quoted=True) if form == XML else None
    if sign == "<<<":
        return _checked_match(line, index, name, SHELL, _TO_SPACE)
    if form == XML and is_adjacent and line.startswith((f";{name}=", f">{name}="), index - len(name) - 2):
        return _checked_match(line, index, name, form, _IN_STRING)  # in a connection string
    if form == YAML:
        return _yaml_span(line, index, name, sign)
    if form == PLAIN and sign in {"=", ":", "?=", "+=", ":=", ""}:
        return _to_end(line, index, name, form)
    if form == SHELL:
        if sign == ":" and not is_adjacent:
            return _header_span(line, index, name)
        is_assigned = sign in {":=", "?=", "+="} or (sign == "=" and _MAKE_VARIABLE.match(line[:index]))
        return _checked_match(line, index, name, form, _TO_SPACE) if is_adjacent or not sign or is_assigned else None
    if form == PROSE or (form in {CODE, DATA} and line[:200].lstrip().startswith(_COMMENTS)):
        return _prose_span(line, index, name, sign, is_adjacent=is_adjacent)
    return _in_string_span(line, index, name, sign)


def _header_span(line: str, index: int, name: str) -> tuple[int, int] | None:
    """Return the value of a header in quotes: ``-H 'X-Api-Key: x'``."""
    value = _IN_STRING.match(line, index)
    if value is None or line[value.end() : value.end() + 1] not in {"'", '"'}:
        return None
    return _checked(line, index, value.end(), name, SHELL, is_quoted=False)


def _yaml_span(line: str, index: int, name: str, sign: str) -> tuple[int, int] | None:
    if sign == ":" and (line[index - 1] in " \t" or index >= len(line)):
        before = line[max(0, index - _LOOKED_BACK) : index]
        if before.count("{") > before.count("}") or before.count("[") > before.count("]"):
            return _checked_match(line, index, name, YAML, _FLOW_VALUE)
        return _to_end(line, index, name, YAML)
    if sign in {"=", ""}:
        return _checked_match(line, index, name, YAML, _TO_SPACE)
    return None


def _to_end(line: str, index: int, name: str, form: str) -> tuple[int, int] | None:
    comment = _COMMENT.search(line[index:]) if "#" in line or ";" in line else None
    end = index + comment.start() if comment else len(line.rstrip())
    if form == YAML and line[index:end].strip() in {"|", ">", "|-", ">-", "|+", ">+"}:
        return None
    return _checked(line, index, end, name, form, is_quoted=form == PLAIN)


def _prose_span(line: str, index: int, name: str, sign: str, *, is_adjacent: bool) -> tuple[int, int] | None:
    """Return the value in a text for people: where it is written as in a shell, or is alone and has a digit."""
    if sign not in {"=", ":", ""}:
        return None
    if sign == "=" and is_adjacent and (_UPPER_NAME.match(name) or _has_digit(line, index)):
        return _checked_match(line, index, name, PROSE, _TO_SPACE)
    word = _ONE_WORD.match(line, index)
    is_alone = not line[: max(0, index - 80)] and _ALONE.match(line[:index]) is not None
    if word and (is_alone or _has_digit(line, index)):
        return _checked(line, index, len(line.rstrip()), name, PROSE, is_quoted=False)
    return None


def _has_digit(line: str, index: int) -> bool:
    word = _TO_SPACE.match(line, index)
    return word is not None and any(map(str.isdigit, word[0])) and any(map(str.isalpha, word[0]))


def _in_string_span(line: str, index: int, name: str, sign: str) -> tuple[int, int] | None:
    """Return a value inside a text in quotes: ``"host=db password=x"``; outside it would be a name of the program."""
    if sign == ":" or not line[index : index + 1].strip():
        number = re.compile(r"\d{4,40}(?=[\s,;}\]]|$)").match(line, index)
        is_number = number is not None and not name.lower().endswith(("token", "tokens"))
        return _checked(line, index, number.end(), name, CODE, is_quoted=True) if number and is_number else None
    before = line[max(0, index - _LOOKED_BACK) : index]
    is_inside = any(before.count(mark) % 2 for mark in "\"'`")
    if sign not in {"=", ""} or not is_inside or line[index - 1] not in "= ":
        return None
    return _checked_match(line, index, name, PROSE, _IN_STRING)


def _checked_match(line: str, index: int, name: str, form: str, shape: re.Pattern[str]) -> tuple[int, int] | None:
    value = shape.match(line, index)
    return _checked(line, index, value.end(), name, form, is_quoted=False) if value else None


def _checked(line: str, start: int, end: int, name: str, form: str, *, is_quoted: bool) -> tuple[int, int] | None:
    value = line[start:end].rstrip()
    end = start + len(value)
    if form == PLAIN and value[:1] in "\"'" and value[-1:] == value[:1] and len(value) > 1:
        start, end, value = start + 1, end - 1, value[1:-1]
    fallback = default_span(value[:LONGEST])
    if fallback:
        return start + fallback[0], start + fallback[1]
    is_code = form == CODE
    return (start, end) if is_secret(value, name, is_quoted=is_quoted, is_code=is_code) else None
