"""Which values after the name of a secret are one, and which are a reference, a placeholder, a type or prose."""

from __future__ import annotations

import re

from boombap.ctx.masking.names import ADDRESS, MARKS, STRONG, WEAK, strength

_PLAIN = frozenset(
    (
        "null none nil undefined true false yes no on off str string text int integer number bool boolean bytes object"
        " array list dict required optional hidden masked redacted omitted inherit read write basic bearer digest"
        " header query cookie oauth oauth2 jwt apikey disabled enabled default auto always never any all self todo n/a"
        " password passwd token secret key пароль username empty unset scram-sha-256 md5 trust peer ident"
    ).split()
)
# Tags of YAML whose value names something: CloudFormation, GitLab, Home Assistant, authentik, loaders of variables.
_REFERENCE_TAG = (
    r"!(?i:ref|reference|sub|getatt|getazs|importvalue|findinmap|if|join|select|split|condition|transform|cidr"
    r"|secret|secretref|input|var|variable|env|env_?var|envtag|include\w*|file|path|keyof|find|context|format|override"
    r"|reset|concat|lookup|param|output)[ \t]"
)
TAGS = rf"(?:(?!{_REFERENCE_TAG})[&!][\w!:/.<>,-]{{0,60}}[ \t]{{1,9}}){{0,2}}"
"""What may come before a value of YAML and names nothing: an anchor, a tag."""

_REFERENCE = re.compile(
    r"\$\{|\$\(|\$\$?[A-Za-z_]\w*$|\{\{|\{[A-Za-z_][\w.!:]*\}|<[^<>]*>$|%\(\w+\)|%[sdrvq]\b|%\[|%\w+%$|@\w+@$"
    rf"|{_REFERENCE_TAG}"
    r"|\*[A-Za-z]\w*$|vault:|op://|ref\+|arn:|env:|ssm:|secretsmanager:|projects/|ENC\[|#\{"
    r"|(?:var|local|data|module|each|secrets|env|process\.env|os\.environ|self|settings|config|request|args|random_\w+)"
    r"[.\[(]"
)
_CALL = re.compile(r"[A-Za-z_][\w.:]*\(.*\)?")
_PATH = re.compile(
    r"(?:(?:\.{0,2}|~)/|[A-Za-z]:\\\\?)[\w.-]+(?:[/\\][\w.$-]*)+$|\.{1,2}/[\w.-]+$|[\w-]+\.(?:pem|key|crt|ya?ml|json|txt)$"
)
_URL = re.compile(r"[a-z][a-z0-9+.-]*://")
_SENTENCE = re.compile(
    r"\b(?:the|your|is|are|a|an|of|for|to|from|must|enter|please|and|or|in|not|with|that|see|when|if|has|invalid|wrong)\b",
    re.IGNORECASE,
)
_INSERTED = re.compile(r"\{[A-Za-z_][\w.]{0,80}\}")
_USER_AND_PASSWORD = re.compile(r"[\w.@-]{1,60}:[^\s/:]{4,}$")
_RUSSIAN = re.compile(r"[А-Яа-яЁё-]+$")
_INNER = re.compile(r"[A-Za-z_ ]{2,30}=")
_DEFAULT = re.compile(
    r"\$\{[\w.]{1,100}(?::-|:=|[-=:])(?!\?)(?P<shell>[^}$\n]{1,200})\}"
    r"|(?:default|b64enc)[ \t(]{1,4}[\"'](?P<helm>[^\"'\n]{1,200})[\"']"
    r"|[\"'](?P<piped>[^\"'\n]{1,200})[\"'][ \t]*\|[ \t]*b64enc"
)
_WORD = re.compile(r"[A-Za-z]+|\d+")
_NAME_WORDS = frozenset(
    (
        "password passwd pass pwd token tokens secret secrets key keys api access refresh client auth user id x bearer"
        " csrf xsrf session db database redis postgres postgresql mysql github gitlab slack spotify aws azure google"
        " private public name file path url credential credentials authorization current new old confirm type grant"
        " web service account admin root ssh jwt oauth app hub push pull registry docker vault header"
    ).split()
)
LONGEST = 600
"""Characters of a value that are looked at: a longer one with blanks is prose, so that a line costs what it is long."""

_SHORTEST = 3
_SHORTEST_QUOTED = 4
_LONG_LETTERS = 16
_LONG_WEAK = 6
_LONG_TOKEN = 8
# Tokens of a service, not those that a parser reads.
_TOKEN_NAME = re.compile(r"^[A-Z0-9_]+_TOKEN$|(?i:api|access|auth|bot|refresh|bearer|secret|client|admin)_?(?i:token)$")


def default_span(value: str) -> tuple[int, int] | None:
    """Return the span of the literal that a reference falls back to.

    >>> default_span("${TOKEN:-hunter22}")
    (9, 17)
    """
    match = _DEFAULT.search(value)
    if match is None:
        return None
    group = match.lastgroup or 0
    return match.span(group) if is_literal(match[group]) else None


def is_literal(value: str) -> bool:
    """Tell whether a value stands for itself: it is not empty, masked, a reference or a word for the lack of one."""
    bare = value.strip()
    if not bare or bare.lower() in _PLAIN or not any(map(str.isalnum, bare)):
        return False
    return not _REFERENCE.match(bare) and len(set(bare)) > 1


def is_secret(value: str, name: str, *, is_quoted: bool, is_code: bool) -> bool:
    """Tell whether the value of a name is a secret."""
    level = strength(name)
    bare = value[:LONGEST].strip()
    if not level:
        return False
    if len(value) > LONGEST and any(map(str.isspace, bare)):
        return False
    if len(bare) < (_SHORTEST_QUOTED if is_code else _SHORTEST) or not is_literal(bare):
        return False
    if _PATH.match(bare) or _URL.match(bare) or (not is_quoted and _CALL.match(bare)):
        return False
    if _RUSSIAN.match(bare) or (is_code and _INSERTED.search(bare)):
        return False
    if level == ADDRESS or _says_its_name(bare, name, is_code=is_code):
        return False
    if any(letter.isspace() for letter in bare):
        return _is_phrase(bare, level)
    if level == WEAK:
        return _is_weak_secret(bare, name, is_code=is_code)
    return True


def _says_its_name(value: str, name: str, *, is_code: bool) -> bool:
    """Tell whether a value is only the name of a key: ``TOKEN = "SPOTIFY_TOKEN"``, ``field: access_token``."""
    letters, asked = re.sub(r"[\W_]", "", value.lower()), re.sub(r"[\W_]", "", name.lower())
    if letters == asked or (is_code and asked.endswith(letters)):
        return True
    if any(letter.isdigit() for letter in value) or not any(mark in value.lower() for mark in MARKS):
        return False
    if not re.fullmatch(r"[A-Za-z_.:-]+", value):
        return False
    if value.isupper() and "_" in value and strength(value):
        return True
    return is_code and all(word.lower() in _NAME_WORDS for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", value))


def _is_phrase(value: str, level: int) -> bool:
    words = value.split()
    if len(words) > 12 or _INNER.match(value) or _SENTENCE.search(value):  # noqa: PLR2004 - a mnemonic has twelve
        return False
    if level == STRONG:
        return True
    return any(any(c.isdigit() for c in word) and any(c.isalpha() for c in word) for word in words)


def _is_weak_secret(value: str, name: str, *, is_code: bool) -> bool:
    letters_only = value.replace("-", "").replace("_", "").replace(".", "").isalpha()
    if not is_code and _USER_AND_PASSWORD.match(value):
        return True
    if not letters_only:
        has_both = any(map(str.isdigit, value)) and len(value) >= _LONG_WEAK
        return has_both and not re.fullmatch(r"[\d.,:]+\w?", value)
    if len(value) >= _LONG_LETTERS:
        return value.isalpha() or not is_code
    if is_code and _TOKEN_NAME.search(name):
        return len(value) >= _LONG_TOKEN and value.isalpha()
    return not is_code and name.lower().endswith("token") and len(value) >= _LONG_WEAK
