"""Secrets that are known by their own form, whatever name comes before them: keys, tokens, passwords in addresses."""

from __future__ import annotations

import re
from base64 import b64decode
from math import log2

from boombap.ctx.masking.commands import mask_commands

MASK = "***"
_TOKENS = {
    ("AKIA", "ASIA"): r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"): r"\bgh[pousr]_[A-Za-z0-9]{16,}",
    ("github_pat_",): r"\bgithub_pat_\w{20,}",
    ("glpat-", "glrt-", "gldt-"): r"\bgl(?:pat|rt|dt)-[\w-]{16,}",
    ("xox", "xapp-"): r"\bx(?:ox[abeoprs]|app)-[A-Za-z0-9-]{10,}",
    ("sk-",): r"\bsk-[A-Za-z0-9_-]{20,}",
    ("AIza",): r"\bAIza[\w-]{30,}",
    ("eyJ",): r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?",
    ("k_live_", "k_test_", "whsec_"): r"\b(?:[srp]k_(?:live|test)_|whsec_)\w{8,}",
    ("hooks.slack.com",): r"(?<=hooks\.slack\.com/)(?:services|workflows|triggers)/[\w/-]{8,}",
    ("api/webhooks/",): r"(?<=api/webhooks/)\d+/[\w-]{20,}",
    ("npm_", "pypi-", "hf_", "shpat_", "GOCSPX-", "hvs.", "dop_v1_", "ya29."): (
        r"\b(?:npm_[A-Za-z0-9]{30,}|pypi-[\w-]{30,}|hf_[A-Za-z0-9]{30,}|shpat_[a-f0-9]{30,}|GOCSPX-[\w-]{20,}"
        r"|hvs\.[\w-]{20,}|dop_v1_[a-f0-9]{40,}|ya29\.[\w-]{20,})"
    ),
    ("SG.",): r"\bSG\.[\w-]{16,}\.[\w-]{16,}",
    ("AGE-SECRET-KEY-",): r"\bAGE-SECRET-KEY-[A-Z0-9]{20,}",
}
_KNOWN = [(marks, re.compile(pattern)) for marks, pattern in _TOKENS.items()]
_SCHEME = re.compile(r"\b(bearer|basic|token)([ \t]{1,4})([\w.~+/-]{8,}={0,2})", re.IGNORECASE)
_IN_ADDRESS = re.compile(r"(://[^\s:/@\"'<>]{0,200}:)([^\s@/\"'<>`]{1,500})(?=@)")
# A key in the place of the user, as in Sentry's addresses: letters and digits that nobody is called.
_USER_KEY = re.compile(r"(://)((?=[\w-]*\d[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{10,100})(?=@)")
_GO_ADDRESS = re.compile(r"(:)([^\s@\"'`:]{1,200})(?=@(?:tcp|unix|udp)\()")
_USER_OPTION = re.compile(r"((?:\s-u|--user)[ \t=]{0,4}[\"']?[\w.@-]{1,60}:)([^\s\"'$]{2,200})")
_TEMPLATE = re.compile(r"\$[{(A-Za-z_]|\{|%[({A-Z]|%s|\*\*\*")
_LONG = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$")
_SNAKE = re.compile(r"(?:[a-z0-9]{0,15}_){2,12}[a-z0-9]{0,15}$|(?:[A-Z0-9]{0,15}_){2,12}[A-Z0-9]{0,15}$")
# Characters of SHA-1, SHA-224, SHA-256, SHA-384 and SHA-512: commits and checksums, unless a name says otherwise.
_DIGEST_LENGTHS = frozenset((40, 56, 64, 96, 128))
_DIGITS = re.compile(r"\d+")
_WORDS = re.compile(r"[a-z]{4,}|[A-Z][a-z]{3,}")
# Hex digests have 4 bits a character, base64 nearly 6; identifiers stay below 4 and have few groups of digits.
_ENTROPY_BITS = 3.6
_DIGIT_GROUPS = 3
_SHORTEST_RANDOM = 24
_WORDY = 0.5
_LONG_BEARER = 20


def mask_tokens(text: str) -> str:
    """Return a text without tokens of a known form and without the passwords in addresses."""
    for marks, pattern in _KNOWN:
        if any(mark in text for mark in marks):
            text = pattern.sub(MASK, text)
    if "@" in text:
        text = _GO_ADDRESS.sub(_mask_second, _IN_ADDRESS.sub(_mask_second, text))
        text = _USER_KEY.sub(_mask_second, text)
    if "-u" in text:
        text = _USER_OPTION.sub(_mask_second, text)
    return mask_commands(text, MASK)


def mask_schemes(line: str) -> str:
    """Return a line without what follows ``Bearer`` and ``Basic``."""
    return _SCHEME.sub(_mask_scheme, line)


def mask_random(text: str) -> str:
    """Return a text without the strings that nobody would write by hand."""
    return _LONG.sub(_mask_if_random, text)


def _mask_if_random(match: re.Match[str]) -> str:
    """Mask a text of chance; of the path of an address only its parts that are one."""
    text, before = match[0], match.string[max(0, match.start() - 1) : match.start()]
    if "/" in text and before and before in ".:@~":
        return "/".join(MASK if len(part) >= _SHORTEST_RANDOM and is_random(part) else part for part in text.split("/"))
    return MASK if is_random(text) else text


def _mask_second(match: re.Match[str]) -> str:
    return match[0] if _TEMPLATE.match(match[2]) else match[1] + MASK


def _mask_scheme(match: re.Match[str]) -> str:
    scheme, space, value = match.groups()
    is_secret = _is_basic(value) if scheme.lower() == "basic" else _is_bearer(value)
    return f"{scheme}{space}{MASK}" if is_secret else match[0]


def _is_basic(value: str) -> bool:
    try:
        return b":" in b64decode(value + "=" * (-len(value) % 4), validate=True)
    except ValueError:
        return False


def _is_bearer(value: str) -> bool:
    has_digit = _DIGITS.search(value) is not None
    if has_digit:
        return value.count(".") < len(value) // 8 + 1
    return len(value) >= _LONG_BEARER and "." not in value


def is_random(text: str) -> bool:
    """Tell whether a text without spaces looks as if a generator had made it."""
    if len(_DIGITS.findall(text)) < _DIGIT_GROUPS:
        return False
    if _UUID.match(text) or _SNAKE.match(text) or (len(text) in _DIGEST_LENGTHS and _is_hex(text)):
        return False
    if sum(map(len, _WORDS.findall(text))) > _WORDY * len(text):
        return False
    return _entropy_bits(text) >= _ENTROPY_BITS or _is_hex(text)


def _is_hex(text: str) -> bool:
    return len(text) >= 32 and not set(text.lower()) - set("0123456789abcdef") and len(set(text)) > 8  # noqa: PLR2004


def _entropy_bits(text: str) -> float:
    total = len(text)
    counts = [text.count(letter) for letter in set(text)]
    return -sum(count / total * log2(count / total) for count in counts)
