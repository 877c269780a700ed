"""Keeps secrets out: which files hold them by their name, and which strings in other files look like one."""

from __future__ import annotations

import re
from math import log2

MASK = "***"
_FILES = re.compile(
    r"^(?:\.env(?!\.(?:example|sample|template|dist)$)(?:\..*)?|.*\.(?:pem|key|p12|pfx|jks|keystore|kdbx|asc|gpg|ppk)"
    r"|id_(?:rsa|dsa|ecdsa|ed25519)|\.netrc|\.pgpass|\.pypirc|\.npmrc|\.htpasswd|\.git-credentials"
    r"|credentials(?:\.json)?|service[-_]account.*\.json|secrets?\.(?:ya?ml|json|toml|env|ini|txt))$",
    re.IGNORECASE,
)
_KNOWN = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_\w{30,}|\bxox[abprs]-[A-Za-z0-9-]{10,}"
    r"|\bsk-[A-Za-z0-9_-]{20,}|\bglpat-[A-Za-z0-9_-]{20,}|\bAIza[A-Za-z0-9_-]{35}"
    r"|\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*",
    re.DOTALL,
)
_IN_ADDRESS = re.compile(r"(://[^\s:/@\"']*:)([^\s@/\"'{}$<>]+)(?=@)")
_ASSIGNED = re.compile(
    r"((?:password|passwd|secret|token|api_?key|access_?key)[\"']?\s*[:=]\s*)([\"'])([^\"'\s{}$<>]{6,})\2",
    re.IGNORECASE,
)
_LONG = re.compile(r"[A-Za-z0-9+/_=-]{24,}")
_DIGITS = re.compile(r"\d+")
_WORDS = re.compile(r"[a-z]{4,}|[A-Z][a-z]{3,}")
# Hex digests have 4 bits a character, base64 nearly 6; identifiers stay below 4 and have few groups of digits.
_ENTROPY_BITS = 3.6
_DIGIT_GROUPS = 3
_WORDY = 0.5


def is_secret_file(name: str) -> bool:
    """Tell whether a file of this name holds secrets as a rule.

    >>> [is_secret_file(name) for name in (".env", ".env.local", ".env.example", "server.key", "keys.py")]
    [True, True, False, True, False]
    """
    return _FILES.match(name) is not None


def mask(text: str) -> str:
    """Give a text with what looks like a secret replaced by stars; the number of lines stays.

    >>> mask("url = 'redis://dj:s3cr3t@cache/0'")
    "url = 'redis://dj:***@cache/0'"
    >>> mask("def test_a_rather_long_name_with_words_2(): ...")
    'def test_a_rather_long_name_with_words_2(): ...'
    """
    text = _KNOWN.sub(lambda found: MASK + "\n" * found[0].count("\n"), text)
    if "@" in text:
        text = _IN_ADDRESS.sub(rf"\1{MASK}", text)
    text = _ASSIGNED.sub(_mask_assigned, text)
    return _LONG.sub(lambda found: MASK if _is_random(found[0]) else found[0], text)


def _mask_assigned(found: re.Match[str]) -> str:
    value = found[3]
    is_plain_word = value.replace("_", "").replace("-", "").replace(".", "").isalpha()
    return found[0] if is_plain_word else f"{found[1]}{found[2]}{MASK}{found[2]}"


def _is_random(text: str) -> bool:
    if len(_DIGITS.findall(text)) < _DIGIT_GROUPS:
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
