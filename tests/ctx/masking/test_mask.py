"""Secrets are masked in every form of file; what only speaks of them stays searchable."""

from __future__ import annotations

import json
import sqlite3
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.ctx.answers.grep import grep
from boombap.ctx.answers.search import search
from boombap.ctx.indexing.store import place
from boombap.ctx.masking.mask import mask
from ctx.assistants import call_tool
from ctx.repositories import indexed, repository

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., subprocess.CompletedProcess[str]]

# One word of letters, so that no rule about digits or randomness helps; every line with it must lose it.
WORD = "kalamaripasta"
RANDOM = "q7Rk2mZx9"
BASE64 = "bm90LXJlYWwtcGFzc3dvcmQ="

MASKED: list[tuple[str, str]] = [
    ("values.yaml", f"postgresql:\n  auth:\n    password: {WORD}\n"),
    ("values.yaml", f"password: {WORD} # of the old cluster\n"),
    ("values.yaml", f"api_key: {WORD}\napiKey: {RANDOM}\n"),
    ("values.yaml", f"- name: x\n  smtp_pass: '{WORD}'\n"),
    ("values.yaml", f"auth: {{user: dj, password: {WORD}, port: 1}}\n"),
    ("values.yaml", f"passwords:\n  - {WORD}\n  - {RANDOM}\n"),
    ("values.yaml", f"passwords:\n- {WORD}\n- '{RANDOM}'\n"),
    ("values.yaml", f"passwords: [{WORD}, {RANDOM}]\n"),
    ("values.yaml", f'tokens: ["{RANDOM}", "{RANDOM}"]\n'),
    ("values.yaml", f"password: |\n  {WORD}\n  {RANDOM}\nuser: dj\n"),
    ("values.yaml", f"private_key: >-\n\n    {WORD}\n"),
    ("values.yaml", f"secrets:\n  deezer: {WORD}\n"),
    ("values.yaml", f"password:\n  value: {WORD}\n"),
    ("values.yaml", f"password: &pw {WORD}\n"),
    ("values.yaml", f"password: !!str {WORD}\n"),
    ("values.yaml", f"password:\n  {WORD}\n"),
    ("values.yaml", f"env:\n  - name: DB_PASSWORD\n    value: {WORD}\n"),
    ("values.yaml", f'env:\n  - name: DB_PASSWORD\n    value: "{RANDOM}"\n'),
    ("values.yaml", f"env:\n  - {{name: DB_PASSWORD, value: {WORD}}}\n"),
    ("values.yaml", f"args:\n  - --password={WORD}\n  - --token={RANDOM}\n"),
    ("values.yaml", f'args: ["--password", "{WORD}"]\n'),
    ("compose.yml", f"environment:\n  - POSTGRES_PASSWORD={WORD}\n"),
    ("compose.yml", f"environment:\n  POSTGRES_PASSWORD: ${{POSTGRES_PASSWORD:-{WORD}}}\n"),
    ("deployment.yaml", f'password: {{{{ .Values.password | default "{WORD}" }}}}\n'),
    ("template.yaml", f"password: {{{{ '{WORD}' | b64enc }}}}\n"),
    ("values.yaml", f"# password: {WORD}\n"),
    ("values.yaml", f"password: '{WORD} {RANDOM} and more'\n".replace(" and more", "")),
    ("secret-of-db.yaml", f"kind: Secret\ndata:\n  whatever: {BASE64}\n"),
    ("secret-of-db.yaml", f"kind: Secret\nstringData:\n  config.ini: |\n    [db]\n    x = {WORD}\n"),
    ("secret-of-db.yaml", f'apiVersion: v1\nstringData:\n  a: "{WORD}"\nkind: "Secret" # x\n'),
    ("secret-of-db.yaml", f"kind: ConfigMap\n---\nkind: Secret\ndata: {{whatever: {BASE64}}}\n"),
    ("secret-of-db.yaml", f"items:\n- kind: Secret\n  data:\n    a: {WORD}\n"),
    ("secret-of-db.json", f'{{\n"kind": "Secret",\n"data": {{\n  "a": "{BASE64}"\n}}\n}}\n'),
    ("prod.env", f"REDIS_PASSWORD={WORD}\nSECRET_KEY={RANDOM}\n"),
    ("prod.env", f"export DB_PASS='{WORD}'\n"),
    ("prod.env", f'DB_PASS="{WORD} {RANDOM}"\n'),
    ("prod.env", f"SECRET_KEY_BASE={WORD}\nAPP_TOKEN_2={RANDOM}\nPGPASSWORD={WORD}\n"),
    ("prod.env", f"PASSWORD=the {WORD} of {RANDOM}\n".replace("the ", "").replace(" of", "")),
    (".envrc", f"export API_TOKEN={RANDOM}\nexport PASSWD={WORD}\n"),
    ("x.ini", f"[db]\npassword = {WORD}\n"),
    ("x.properties", f"spring.datasource.password={WORD}\napp.jwt.secret: {WORD}\n"),
    ("x.properties", f"db.password=${{DB_PASSWORD:{WORD}}}\n"),
    ("redis.conf", f"requirepass {WORD}\n"),
    ("x.tfvars", f'db_password = "{WORD}"\n'),
    ("x.tf", f'variable "db_password" {{\n  default = "{WORD}"\n}}\n'),
    ("x.tf", f"password = <<EOT\n{WORD}\nEOT\n"),
    ("x.toml", f"password = '{WORD}'\napi_keys = [\n  '{WORD}',\n]\n"),
    ("x.json", f'{{"password": "{WORD}", "apiKey": "{WORD}"}}\n'),
    ("x.json", f'{{"name": "DB_PASSWORD", "value": "{WORD}"}}\n'),
    ("x.json", '{"password": 1337421}\n'.replace("1337421", "1337421")),
    ("x.json", f'{{"env": "{{\\"password\\": \\"{WORD}\\"}}"}}\n'),
    ("Dockerfile", f"ENV DB_PASSWORD={WORD} USER=dj\nARG TOKEN={RANDOM}\nENV SECRET {WORD}\n"),
    ("x.sh", f"export PASSWORD={WORD}\ncurl -u dj:{WORD} x\ntool --password {WORD} --token={RANDOM}\n"),
    ("x.sql", f"CREATE USER dj PASSWORD '{WORD}';\nALTER USER dj IDENTIFIED BY '{WORD}';\n"),
    ("x.xml", f'<password>{WORD}</password>\n<add key="ApiKey" value="{WORD}"/>\n'),
    ("x.py", f"db_pass = '{WORD}'\nPASSWORD: str = \"{WORD}\"\nconnect(password='{WORD}')\n"),
    ("x.py", f"os.environ['API_TOKEN'] = '{RANDOM}'\nx = os.getenv('DB_PASSWORD', '{WORD}')\n"),
    ("x.py", f"x = os.environ.get('DB_PASSWORD') or '{WORD}'\n"),
    ("x.py", f'PASSWORD = """\n{WORD}\n"""\n'),
    ("x.py", f'PASSWORD = (\n    "{WORD}"\n)\n'),
    ("x.py", f'dsn = "host=db user=dj password={WORD} port=1"\n'),
    ("x.py", f'if password == "{WORD}":\n'),
    ("x.py", f"TOKENS = ['{RANDOM}', '{RANDOM}']\n"),
    ("x.py", 'GENIUS_TOKEN = "aBcDeFgHiJkLmNoPqRsTuVwXyZabcdEFGH"\n'),
    ("x.js", f"const password = '{WORD}';\nmodule.exports = {{ apiKey: `{WORD}` }};\n"),
    ("x.js", f"const secret = process.env.SECRET || '{WORD}';\n"),
    ("x.ts", f"const password: string = '{WORD}';\n"),
    ("x.go", f'password := "{WORD}"\nvar dbPassword string = "{WORD}"\nconst APIKey = "{WORD}"\n'),
    ("x.go", f'db := open("root:{WORD}@tcp(127.0.0.1:3306)/rap")\n'),
    ("x.cs", f'var c = "Server=db;User=dj;Password={WORD};";\n'),
    ("x.java", f'String password = "{WORD}";\n'),
    ("x.py", 'auth = "Bearer abcdefabcdefabcdefabcdefabcdef12"\nh = "Authorization: Basic ZGo6aHVudGVyMg=="\n'),
    ("x.py", f"url = 'redis://dj:{WORD}@cache/0'\nurl = 'amqp://dj:pa$${WORD}@x/'\n"),
    ("x.py", f"key: SecretStr = 1\nsecret_key = SecretStr('{WORD}')\nAPI_TOKEN = '{WORD}'\n"),
    ("x.py", f"get(url, auth=('dj', '{WORD}'))\nPASSWORDS = {{'dj': '{WORD}'}}\n"),
    ("x.py", f"config.set('db', 'password', '{WORD}')\n"),
    ("x.js", f"localStorage.setItem('token', '{RANDOM}')\n"),
    ("x.c", f'#define PASSWORD "{WORD}"\nchar password[] = "{WORD}";\n'),
    ("x.php", f"define('DB_PASSWORD', '{WORD}');\n"),
    ("x.json", f'{{"passwords": {{"a": "{WORD}"}}}}\n'),
    ("x.tfvars", f'api_token = "{WORD}"\npasswords = {{\n  db = "{WORD}"\n}}\n'),
    ("x.sh", f"redis-cli -a {WORD} ping\nmysql -uroot -p{WORD} x\nsshpass -p {WORD} ssh x\n"),
    ("Dockerfile", f"RUN echo machine x login dj password {WORD}\n"),
    ("values.yaml", f"auth: admin:{WORD}\n"),
    ("README.md", f"Use the password `{RANDOM}`.\n"),
    ("x.py", f"export API_TOKEN={RANDOM}\n"),
    ("README.md", f"Run `PASSWORD={WORD} make up`.\n\n    password: {RANDOM}\n"),
    ("notes", f"DB_PASSWORD={WORD}\n"),
    ("key.txt", f"-----BEGIN RSA PRIVATE KEY-----\n{WORD}\n{RANDOM}\n-----END RSA PRIVATE KEY-----\n"),
    ("key.yaml", f"tls:\n  key: |\n    -----BEGIN PRIVATE KEY-----\n    {WORD}{WORD}\n    -----END PRIVATE KEY-----\n"),
    ("key.json", f'{{"k": "-----BEGIN PRIVATE KEY-----\\n{WORD}\\n-----END PRIVATE KEY-----\\n"}}\n'),
]  # fmt: skip
TOKENS = (
    "AKIAABCDEFGHIJKLMNOP", "ghp_" + "aB3" * 12, "github_pat_" + "a1B" * 10, "glpat-" + "a1B_" * 5,
    "xoxb-1234567890-abcdef",
    "sk-proj-" + "aB3d" * 8, "AIza" + "Sy_1B" * 7, "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc-DEF_123",
    "sk" + "_live_4eC39HqLyjWDarjtT1", "whsec_abcdefgh12345678", "npm_" + "aB3d" * 9, "hf_" + "aBcD" * 9,
)  # fmt: skip


@pytest.mark.parametrize(("path", "text"), MASKED)
def test_a_secret_is_masked_and_its_key_stays(path: str, text: str) -> None:
    """Protects every value that follows the name of a secret, in the form of each kind of file."""
    masked = mask(text, path)
    secrets = (WORD, RANDOM, BASE64, "1337421", "aBcDeFgHiJkL", "abcdefabcdef12", "ZGo6aHVudGVyMg")
    assert [secret for secret in secrets if secret in masked] == [], masked
    assert masked.count("\n") == text.count("\n")
    keys = ("password", "PASSWORD", "api_key", "apiKey", "passwords", "TOKEN", "kind: Secret", "private_key", "dj")
    assert [key for key in keys if key in text and key not in masked] == []


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("path", ["x.py", "x.yaml", "README.md", "x"])
def test_a_token_of_a_known_form_is_masked_everywhere(token: str, path: str) -> None:
    assert token not in mask(f"see {token}\n", path)
    assert token not in mask(f'call("{token}")', path)


def test_the_address_of_a_slack_webhook_is_masked() -> None:
    address = "https://hooks.slack.com/" + "services/T000AAAA/B000BBBB/abcdefghijklmnop"
    assert mask(f"slack: {address}", "x.yaml") == "slack: https://hooks.slack.com/***"


KEPT = [
    ("x.yaml", "password: ${DB_PASSWORD}"),
    ("x.yaml", "password: {{ .Values.password }}"),
    ("x.yaml", 'password: "{{ .Values.password | quote }}"'),
    ("x.yaml", "password: null\ntoken: ~\nsecret:\nauth: true\npassword: ''"),
    ("x.yaml", "token: ${{ secrets.GITHUB_TOKEN }}"),
    ("x.yaml", "permissions:\n  id-token: write"),
    ("x.yaml", "secretKeyRef:\n  name: redis\n  key: password"),
    ("x.yaml", "- name: DB_PASSWORD\n  valueFrom:\n    secretKeyRef:\n      name: db-secret\n      key: password"),
    ("x.yaml", "secretName: redis-tls\nexistingSecretKey: password"),
    ("x.yaml", "password:\n  type: string\n  description: the password of the user"),
    ("x.yaml", "password: the password is read from a file"),
    ("x.yaml", "secrets:\n  db_password:\n    file: ./password.txt"),
    ("x.yaml", "tokenizer: standard\nmax_tokens: 4096\ntoken_ttl: 5m\npassword_file: /run/secrets/pw"),
    ("x.yaml", "kind: ConfigMap\ndata:\n  level: debug"),
    ("x.yaml", "kind: Secret\nmetadata:\n  name: redis-login\ntype: Opaque"),
    ("x.env", "PASSWORD=\nTOKEN=${TOKEN}\nTOKEN_FILE=/run/secrets/token\nLOG_LEVEL=debug"),
    ("x.sh", 'PASSWORD="$1"\nTOKEN=$(vault read x)\nread -s PASSWORD'),
    ("x.tf", "password = var.db_password\ntoken = random_password.db.result"),
    ("x.py", 'password = os.environ["DB_PASSWORD"]'),
    ("x.py", 'password = os.getenv("DB_PASSWORD")'),
    ("x.py", "password: str\ntoken: Optional[str] = None\npassword: str | None = None"),
    ("x.py", "token = lexer.next()\nconnect(password=password, token=self.token)"),
    ("x.py", 'parser.add_argument("--password", help="the password of the database")'),
    ("x.py", 'FIELDS = ("user", "password", "host", "port")'),
    ("x.py", "# the password is read from the environment"),
    ("x.py", 'raise ValueError("password: the value is empty")'),
    ("x.py", 'if token == ")" or token == "SELECT":'),
    ("x.py", 'url = f"redis://{user}:{password}@{host}"\ntext = f"password={password}"'),
    ("x.py", 'TOKEN_NAME = "SPOTIFY_TOKEN"\nPASSWORD = "DB_PASSWORD"\nfield = "password"'),
    ("x.py", 'password = "password"\ngrant = {"token": "access_token"}'),
    ("x.py", "def check(password, token): ...\nfor token in tokens:\n    pass"),
    ("x.py", 'userpass += f":{password}"\nsecret = re.compile("[a-z]+")'),
    ("x.go", "func Login(password string, token *Token) error {\n\tpassword := readPassword()"),
    ("x.go", 'password := os.Getenv("PASSWORD")'),
    ("x.js", "const token = await getToken();\nconst { password } = req.body;"),
    ("x.ts", "interface User { password: string; token?: string }"),
    ("x.md", "The password: it is read from the file. Basic authentication and a Bearer token are supported."),
    ("x.md", "| password | the password of the user |"),
    ("x.sql", "ALTER TABLE users ADD COLUMN password text NOT NULL, ADD token varchar(40);"),
    ("x.py", 'if "-----BEGIN PRIVATE KEY-----" in text:\n    return find(text)\n'),
    ("x.py", "compass = 'north'\nauthor = 'somebody'\nmonkey = 'banana'\nkeyboard = 'qwerty1'"),
]


@pytest.mark.parametrize(("path", "text"), KEPT)
def test_what_only_speaks_of_secrets_stays(path: str, text: str) -> None:
    """Protects the search from masks on references, types, calls, prose and the names themselves."""
    assert mask(text, path) == text


FILES: dict[str, str | bytes] = {
    "values.yaml": f"postgresql:\n  auth:\n    password: {WORD}\n",
    "settings.py": f"PASSWORD = '{WORD}'\n\ndef settings():\n    '''Read the settings.'''\n",
    "database.yaml": f"kind: Secret\ndata:\n  whatever: {BASE64}\nmetadata:\n  name: {'x' * 400}\n",
    "redis.ini": f"REDIS_PASSWORD={WORD}\n",
}


def test_no_way_out_shows_a_secret(isolated: Path, boombap: Run) -> None:
    """Protects the index file, hits, snippets, patterns, JSON, MCP and the log."""
    root = repository(isolated, FILES)
    cache = isolated.parent / "cache" / "boombap"
    shown = ""
    for words in (
        ["search", "redis password"], ["search", "-e", "."], ["search", "--json", "-e", "(?i)password|whatever"],
        ["search", "--json", "--explain", "password"], ["related", "--file", "settings.py"], ["status", "--json"],
    ):  # fmt: skip
        done = boombap("ctx", *words, BOOMBAP_LOG_LEVEL="debug")
        shown += done.stdout + done.stderr
    for query in ("password", '"PASSWORD"', "whatever secret"):
        shown += json.dumps(call_tool(root, "search", {"query": query}, cache=cache))
    assert "REDIS_PASSWORD=***" in shown
    stored = b"".join(path.read_bytes() for path in cache.rglob("*") if path.is_file())
    assert b"SQLite format 3" in stored
    for secret in (WORD, BASE64, BASE64.rstrip("=").lower(), WORD[:8]):
        assert secret not in shown
        assert secret.encode() not in stored
    assert boombap("ctx", "search", "-e", WORD).returncode == 1


def test_lines_of_a_long_file_are_masked_as_in_the_whole(tmp_path: Path) -> None:
    """A chunk far below ``kind: Secret`` must not be shown as if it stood alone."""
    rows = "".join(f"  key{number}: {BASE64}\n" for number in range(300))
    index = indexed(repository(tmp_path / "r", {"x.yaml": f"kind: Secret\ndata:\n{rows}"}))
    hits = [*search(index, "key250"), *grep(index, "key299")]
    assert hits
    assert all(BASE64 not in hit.snippet for hit in hits)


def test_an_index_of_an_older_version_is_built_anew(tmp_path: Path) -> None:
    """An index that was written before more was masked still holds the secrets: it must go."""
    root = repository(tmp_path / "r", FILES)
    indexed(root).close()
    path = place(str(tmp_path / "cache"), str(root))
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 1001")
    database.close()
    assert indexed(root).built


hostile = st.text(alphabet=st.sampled_from("aA9 _-.:=\"'`|>[]{}()$%@#\\/&!*\t\nİé")) | st.sampled_from(
    ["password", "token", "SECRET", "api_key", "kind: Secret", "data:", "Bearer ", "://", "-----BEGIN PRIVATE KEY-----",
     "-----END PRIVATE KEY-----", "secrets:", '"""', "<<EOF", "- name: PASSWORD", "value: x", "***", "eyJ",
     "${X:-y}", "default ", "!vault ", "<<< ", "\\u0070assword", "<value>", "set-header ", "%q(", '" +\n"', "\\n"]
)  # fmt: skip


@given(
    st.lists(hostile, max_size=30).map("".join),
    st.sampled_from(["a.py", "a.yaml", "a.env", "a.sh", "a.md", "a.sql", "a.json", "a.xml", "a.ipynb"]),
)
def test_masking_twice_is_masking_once(text: str, path: str) -> None:
    once = mask(text, path)
    assert once.count("\n") == text.count("\n")
    assert mask(once, path) == once


@pytest.mark.parametrize("path", ["a.py", "a.yaml", "a.md"])
@pytest.mark.parametrize(
    "part",
    ["password", "password=", "password: ", 'token "', "password: |\n", "secrets:\n", "a.", "://", "://a:", "-u a:",
     " ", "\t", "password = [\n", "-----BEGIN PRIVATE KEY-----\n", "kind: Secret\n", "eyJaaaaaaaa.", "bearer a",
     'password = """\n', "password=${a:-", "'password',", "- name: password\n", "password: {", "password \\", "sk-",
     "'password',\n", "user a on >b ", "[secrets]\n", "secretGenerator:\n  - a=b\n", "- --password\n", 'password: "\n',
     "password: a\n ", 'env("a") or "', "docker login -p ", "value: a, name: ", "a, password, ", "htpasswd -b a ",
     "echo a:b | ", "${password:", "password or ", "set-header password ", 'password = "a" +\n', '"\\u0061',
     "<a name='secret'><value>", "password: !a ", '"password"\n:', "token <<< ", "password = %q("],
)  # fmt: skip
def test_the_time_grows_with_the_text_only(part: str, path: str) -> None:
    """A file of one repeated part, 100 kB long, must not hold up the index."""
    begun = time.process_time()
    mask(part * (100_000 // len(part)), path)
    assert time.process_time() - begun < 1.5
