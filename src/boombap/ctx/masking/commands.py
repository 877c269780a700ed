"""Secrets that are told by the program or the call that takes them: ``sshpass -p x``, ``setPassword``."""

from __future__ import annotations

import re

_WORD = r"""(?P<secret>[^\s"'`$|;,()<>\]*{][^\s"'`$|;,\])]{1,199})"""
_ARGUMENTS = r"[^\n|;]{0,200}?"
_BETWEEN = r"""["']?[ ,=]{1,4}["']?"""
_ARGUMENT = r"""(?:"[^"\n]{0,300}"|'[^'\n]{0,300}'|[$\w.>-]{1,80})[ ]{0,4}"""
_KEY_NAME = r"\w{0,40}(?i:pass|passwd|password|passphrase|token|secret|api_?key|pwd)"
_FORMS = {
    ("is-cli", "key-cli"): rf"\b(?:redis|valkey)-cli\b{_ARGUMENTS}[ \"']-a{_BETWEEN}{_WORD}",
    ("sshpass",): rf"\bsshpass[ ]{{1,4}}-p[ ]{{0,4}}[\"']?{_WORD}",
    ("mysql",): rf"\bmysql(?:dump|admin)?\b{_ARGUMENTS}[ \"']-p[\"']?{_WORD}",
    ("machine ",): rf"\bmachine[ ]\S{{1,100}}[ ]login[ ]\S{{1,100}}[ ]password[ ]{_WORD}",
    (" login",): (
        rf"\b(?:docker|podman|nerdctl|buildah|skopeo|crane|az|oc|registry)[ ]login\b{_ARGUMENTS}[ ]-p{_BETWEEN}{_WORD}"
    ),
    ("htpasswd",): (
        r"\bhtpasswd[ ]{1,4}-[A-Za-z]{0,6}b[A-Za-z]{0,6}(?:[ ]{1,4}[^\s|>]{1,100}){1,2}[ ]{1,4}[\"']?"
        rf"{_WORD}(?=[\"']?[ \t]*(?:$|[|>&;)\n]))"
    ),
    ("configure set ",): rf"\bconfigure set \S{{0,60}}(?:secret|token)\S{{0,60}}[ ]{{1,4}}[\"']?{_WORD}",
    ("-stdin", "sudo -S"): (
        r"\b(?:echo|printf)[ ]{1,4}(?:-n[ ]{1,4})?[\"']?"
        rf"{_WORD}[\"']?[ ]{{0,4}}\|[^\n|]{{0,200}}?(?:password-stdin|sudo[ ]-S)"
    ),
    ("chpasswd",): rf"\becho[ ]{{1,4}}[\"']?[\w.-]{{1,40}}:{_WORD}[\"']?[ ]{{0,4}}\|[ ]{{0,4}}(?:sudo[ ])?chpasswd",
    ("ConvertTo-SecureString",): r"ConvertTo-SecureString[ ]{1,4}(?:-String[ ]{1,4})?[\"'](?P<secret>[^\"'$\n]{2,200})",
    ("ser ",): rf"(?i:\b(?:set)?user)[ ][\w.*-]{{1,60}}[ ](?:[^\n]{{0,80}}[ ])?on[ ](?:[^\n]{{0,80}}[ ])?>{_WORD}",
    ("auth-pass",): rf"\bauth-pass[ ]{{1,4}}[\w.-]{{1,60}}[ ]{{1,4}}[\"']?{_WORD}",
    ("--from-literal",): rf"--from-literal[= ][\"']?[\w.-]{{1,100}}=[\"']?{_WORD}",
    ("getConnection(", "PDO(", "mysqli(", "sqli_connect("): (
        rf"(?:getConnection|PDO|mysqli(?:_connect)?)\([ ]{{0,4}}{_ARGUMENT},[ ]{{0,4}}{_ARGUMENT},[ ]{{0,4}}"
        r"[\"'](?P<secret>[^\"'$*\n]{3,200})(?=[\"'])"
    ),
    ("printf -v ",): rf"\bprintf[ ]-v[ ]{{1,4}}{_KEY_NAME}[ ]{{1,4}}[\"']?%\w[\"']?[ ]{{1,4}}[\"']?{_WORD}",
    ("read ",): (
        rf"\b(?:echo|printf)[ ]{{1,4}}(?:-n[ ]{{1,4}}|[\"']?%s[\"']?[ ]{{1,4}})?[\"']?{_WORD}[\"']?[ ]{{0,4}}"
        rf"\|[ {{(]{{0,6}}read[ ](?:-\w{{1,4}}[ ]{{1,4}})?{_KEY_NAME}\b"
    ),
    ("openssl",): rf"\bopenssl\b{_ARGUMENTS}[ ]-[kK]{_BETWEEN}{_WORD}",
    ("PASSWORD(", "password("): r"=[ ]{0,4}(?i:password)\('(?P<secret>[^'*\n]{1,200})(?=')",
    ("dentified", "DENTIFIED"): (
        r"(?i:\bidentified[ ](?:with[ ][\w'\"]{1,60}[ ])?(?:by|as))[ ]{1,4}"
        r"(?:password[ ])?'(?P<secret>[^'*\n]{1,200})(?=')"
    ),
    ("env",): (
        r"env\b[^\n]{0,80}?(?:\bor\b|\|\||\?\?|\?:|,)[ ]{0,4}[\"']"
        r"(?P<secret>(?=[A-Z0-9]*[a-z])(?=[A-Za-z]*\d+[A-Za-z]+\d)[A-Za-z0-9]{10,64})[\"']"
    ),
    ("BasicAuth(", "DigestAuth(", "basic_auth(", "Credential(", "Credentials("): (
        r"(?:BasicAuth|DigestAuth|basic_auth|Credentials?)\([ ]{0,4}(?:[\w.]{1,60}|[\"'][^\"'\n]{0,100}[\"'])"
        r"[ ]{0,4},[ ]{0,4}[\"'](?P<secret>[^\"'{*\n]{3,200})(?=[\"'])"
    ),
    ("assword(", "asswd(", "assphrase(", "pi_key(", "piKey(", "ecret_key(", "ecretKey("): (
        r"\b(?:set|with|change|update)_?\w{0,20}?(?i:password|passwd|passphrase|api_?key|secret_?key)\("
        r"[ ]{0,4}(?:[bru]?|\[\]byte\()[\"'](?P<secret>[^\"'{*\n]{3,200})(?=[\"'][ ]{0,4}[,)])"
    ),
}  # fmt: skip
_KNOWN = [(marks, re.compile(pattern, re.MULTILINE)) for marks, pattern in _FORMS.items()]
_TEMPLATE = re.compile(r"\$[{(A-Za-z_]|\{|%[({A-Z]|%s|\*\*\*|\.\.\.|\w{1,40}=\$")


def mask_commands(text: str, mask: str) -> str:
    """Return a text with the secret arguments of programs and calls replaced by `mask`."""
    for marks, pattern in _KNOWN:
        if any(mark in text for mark in marks):
            text = pattern.sub(lambda match: _replaced(match, mask), text)
    return text


def _replaced(match: re.Match[str], mask: str) -> str:
    if _TEMPLATE.match(match["secret"]):
        return match[0]
    start, end = (offset - match.start() for offset in match.span("secret"))
    return match[0][:start] + mask + match[0][end:]
