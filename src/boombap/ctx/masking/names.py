"""Which names say that their value is a secret."""

from __future__ import annotations

import re
from functools import lru_cache

STRONG, WEAK, ADDRESS = 3, 2, 1
"""How much a name says: the value is a secret; it is one if it looks so; it is an address that may hold one."""

MARKS = tuple("pass pw secret token key cred auth dsn conn salt jwt mnemonic identified парол".split())
"""One of these is in every name that counts, in small letters."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[А-Яа-яЁё]+")
_LONGEST = 100
_STRONG_ENDS = re.compile(
    r"(?:passwor[dt]s?|passwds?|passphrases?|passcodes?|pwds?|secrets?|apikeys?|(?:access|secret|private|encryption"
    r"|signing|account|master|auth|shared|session)keys?|requirepass|masterauth|dbpass|userpass|mnemonic|credentials?)$"
)
_STRONG_WORDS = frozenset("pass pw creds cred jwt пароль пароли".split())
_WEAK_WORDS = frozenset("auth authorization salt".split())
_KEY_OF = frozenset(
    (
        "api access private secret encryption encrypt signing sign account master auth shared session crypt crypto"
        " deploy hmac jwt client service storage ssh rsa ssl tls app application consumer webhook admin aes"
    ).split()
)
_ADDRESS_ENDS = re.compile(r"(?:dsn|connectionstring|connstr|connstring)$")
# What may follow the word without changing what the value is.
_TAILS = frozenset(
    (
        "base value val prod production staging stage dev development test testing live local b 64 base64 old new main"
        " primary secondary default plain plaintext text str string data enc encoded raw current previous next root"
        " admin override tmp literal"
    ).split()
)

_CONTAINERS = frozenset("secrets passwords credentials tokens creds apikeys stringdata".split())


@lru_cache(maxsize=20_000)
def strength(name: str) -> int:
    """Return how much a name says about its value, 0 when nothing.

    >>> [strength(name) for name in ("dbPassword", "SECRET_KEY_BASE", "token_url", "compass", "GENIUS_TOKEN", "auth")]
    [3, 3, 0, 0, 2, 2]
    """
    words = [word.lower() for word in _WORD.findall(name[-_LONGEST:])]
    while len(words) > 1 and (words[-1] in _TAILS or words[-1].isdigit()):
        if " ".join(words[-2:]) in {"connection string", "conn string", "conn str"}:
            return ADDRESS
        words.pop()
    if not words:
        return 0
    if _is_reference(words):
        return 0
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if last.rstrip("s") == "key":
        return STRONG if before in _KEY_OF else 0
    if last in _STRONG_WORDS or _STRONG_ENDS.search(last):
        return STRONG
    if last in _WEAK_WORDS or last.endswith(("token", "tokens")):
        return WEAK
    return ADDRESS if _ADDRESS_ENDS.search(last) else 0


def _is_reference(words: list[str]) -> bool:
    """Tell whether a name asks for the name of a Secret in the cluster: ``existingSecret``, ``imagePullSecrets``."""
    return words[-1].rstrip("s") == "secret" and len(words) > 1 and words[-2] in {"existing", "pull"}


def is_container(name: str) -> bool:
    """Tell whether every value below a name is a secret: ``secrets``, ``passwords``."""
    return name.rpartition(".")[2].lower().replace("_", "").replace("-", "") in _CONTAINERS
