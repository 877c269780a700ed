"""How a file writes names and values, told by its name."""

from __future__ import annotations

# In code only quoted values are masked: what is there without quotes is a name.
CODE, YAML, PLAIN, SHELL, PROSE, SQL, XML = "code", "yaml", "plain", "shell", "prose", "sql", "xml"
# Quotes as in code, but what they hold is a setting.
DATA = "data"
# Code, and what it printed.
NOTEBOOK = "notebook"

_EXTENSIONS = {
    YAML: "yaml yml",
    PLAIN: "env ini cfg conf cnf properties config service editorconfig flaskenv",
    SHELL: "sh bash zsh fish ksh envrc bashrc zshrc profile dockerfile containerfile mk bat cmd ps1",
    PROSE: "md markdown rst txt adoc org log csv tsv tpl tmpl template example sample dist j2",
    SQL: "sql psql ddl",
    XML: "xml html htm xhtml plist pom csproj vue svelte",
    DATA: "toml tf tfvars hcl json jsonc json5 jsonl",
    CODE: (
        "py pyi js mjs cjs jsx ts tsx go rs java kt kts scala rb php c h cc cpp hpp cs swift lua ex exs erl hs clj dart"
        " r pl groovy gradle nix proto graphql css scss zig"
    ),
    NOTEBOOK: "ipynb",
}
_FORM_OF = {extension: form for form, extensions in _EXTENSIONS.items() for extension in extensions.split()}
_WHOLE_NAMES = {"dockerfile": SHELL, "containerfile": SHELL, "makefile": SHELL, "caddyfile": PLAIN, "jenkinsfile": CODE}


def form_of(path: str) -> str:
    """Return how a file writes names and values; `PROSE` where its name does not tell.

    >>> [form_of(path) for path in ("a/values.yaml", "prod.env", ".envrc", "Dockerfile.web", "a.py", "notes")]
    ['yaml', 'plain', 'shell', 'shell', 'code', 'prose']
    """
    name = path.rpartition("/")[2].lower()
    if name.startswith(".env") and name != ".envrc":
        return PLAIN
    stem, _, extension = name.rpartition(".")
    # `values.yaml.example` and `prod.env.dist` are written like the file that they are an example of.
    if extension in {"example", "sample", "dist", "tpl", "tmpl", "template", "j2", "bak", "old", "orig"} and stem:
        return form_of(stem)
    named = _WHOLE_NAMES.get(name) or _WHOLE_NAMES.get(name.partition(".")[0])
    return named or _FORM_OF.get(extension, PROSE)
