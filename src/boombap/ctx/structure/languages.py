"""One table a language: its files, its grammar, and which nodes define, import and branch.

The team's languages come with the package; the wheels of the others with the extra ``ctx-languages``. A language whose
wheel is missing, or that has no grammar here, is read by line rules (`lines`).
"""

from __future__ import annotations

from boombap.errors import UsageError
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Language(Record):
    """How a grammar's nodes are read.

    Attributes:
        name: as people write it after ``--lang``.
        module: the wheel's module.
        function: what in it gives the grammar.
        defines: node types to kinds.
        imports: node types that bring in other files.
        branches: node types that add a path (McCabe, "A complexity measure", 1976).
        calls: methods whose call defines something (Ruby, Elixir).
        transparent: node types that wrap a definition and start earlier: decorators, templates, export.
    """

    name: str
    module: str
    defines: Mapping[str, str]
    imports: tuple[str, ...]
    branches: tuple[str, ...]
    function: str = "language"
    calls: tuple[str, ...] = ()
    transparent: tuple[str, ...] = ()


def _kinds(**words: str) -> dict[str, str]:
    return {node: kind for kind, nodes in words.items() for node in nodes.split()}


_LOOPS = ("if_statement", "for_statement", "while_statement")
_JS_DEFINES = _kinds(
    function="function_declaration generator_function_declaration",
    method="method_definition",
    class_="class_declaration",
    variable="variable_declarator",
    assigned="assignment_expression",
)
_JS_BRANCHES = (*_LOOPS, "for_in_statement", "switch_case", "catch_clause", "ternary_expression", "do_statement")
_TS_DEFINES = _JS_DEFINES | _kinds(
    class_="abstract_class_declaration",
    type="interface_declaration type_alias_declaration enum_declaration",
    function="function_signature",
    method="abstract_method_signature",
    module="internal_module",
)
_C_BRANCHES = (*_LOOPS, "case_statement", "do_statement", "conditional_expression")
_C_DEFINES = _kinds(
    function="function_definition",
    prototype="declaration",
    type="struct_specifier union_specifier enum_specifier type_definition",
    macro="preproc_def preproc_function_def",
)

LANGUAGES = (
    Language(
        "python",
        "tree_sitter_python",
        _kinds(function="function_definition", class_="class_definition", assigned="assignment"),
        ("import_statement", "import_from_statement"),
        (*_LOOPS, "elif_clause", "except_clause", "case_clause", "conditional_expression", "boolean_operator"),
        transparent=("decorated_definition",),
    ),
    Language(
        "javascript",
        "tree_sitter_javascript",
        _JS_DEFINES,
        ("import_statement", "export_statement", "call_expression"),
        _JS_BRANCHES,
        transparent=("export_statement", "lexical_declaration", "variable_declaration", "expression_statement"),
    ),
    Language(
        "typescript",
        "tree_sitter_typescript",
        _TS_DEFINES,
        ("import_statement", "export_statement", "call_expression"),
        _JS_BRANCHES,
        function="language_typescript",
        transparent=("export_statement", "lexical_declaration", "variable_declaration", "expression_statement"),
    ),
    Language(
        "tsx",
        "tree_sitter_typescript",
        _TS_DEFINES,
        ("import_statement", "export_statement", "call_expression"),
        _JS_BRANCHES,
        function="language_tsx",
        transparent=("export_statement", "lexical_declaration", "variable_declaration", "expression_statement"),
    ),
    Language(
        "go",
        "tree_sitter_go",
        _kinds(
            function="function_declaration",
            method="method_declaration",
            type="type_spec type_alias",
            constant="const_spec var_spec",
        ),
        ("import_spec",),
        ("if_statement", "for_statement", "expression_case", "type_case", "communication_case"),
        transparent=("type_declaration", "const_declaration", "var_declaration"),
    ),
    Language(
        "rust",
        "tree_sitter_rust",
        _kinds(
            function="function_item function_signature_item",
            type="struct_item enum_item union_item trait_item type_item",
            impl="impl_item",
            module="mod_item",
            constant="const_item static_item",
            macro="macro_definition",
        ),
        ("use_declaration", "mod_item"),
        ("if_expression", "while_expression", "for_expression", "loop_expression", "match_arm"),
    ),
    Language(
        "java",
        "tree_sitter_java",
        _kinds(
            class_="class_declaration",
            type="interface_declaration enum_declaration record_declaration annotation_type_declaration",
            method="method_declaration constructor_declaration compact_constructor_declaration",
        ),
        ("import_declaration",),
        (*_LOOPS, "enhanced_for_statement", "switch_label", "catch_clause", "ternary_expression", "do_statement"),
    ),
    Language("c", "tree_sitter_c", _C_DEFINES, ("preproc_include",), _C_BRANCHES),
    Language(
        "cpp",
        "tree_sitter_cpp",
        _C_DEFINES
        | _kinds(
            class_="class_specifier",
            type="struct_specifier concept_definition alias_declaration",
            module="namespace_definition",
            prototype="field_declaration",
        ),
        ("preproc_include",),
        (*_C_BRANCHES, "for_range_loop", "catch_clause"),
        transparent=("template_declaration",),
    ),
    Language(
        "bash",
        "tree_sitter_bash",
        _kinds(function="function_definition"),
        ("command",),
        (*_LOOPS, "case_item", "elif_clause", "c_style_for_statement"),
    ),
    Language(
        "ruby",
        "tree_sitter_ruby",
        _kinds(class_="class", module="module", method="method singleton_method", dsl="call", assigned="assignment"),
        ("call",),
        ("if", "unless", "elsif", "while", "until", "for", "when", "in_clause", "rescue", "if_modifier", "conditional"),
        calls=tuple(
            (
                "attr_reader attr_writer attr_accessor define_method scope has_many has_one belongs_to "
                "validates delegate alias_method describe context it task namespace get post put delete "
                "patch head options"
            ).split()
        ),
    ),
    Language(
        "scala",
        "tree_sitter_scala",
        _kinds(
            class_="class_definition object_definition package_object",
            type="trait_definition enum_definition type_definition given_definition",
            function="function_definition function_declaration",
            constant="val_definition",
            module="extension_definition",
        ),
        ("import_declaration",),
        ("if_expression", "case_clause", "while_expression", "for_expression", "catch_clause"),
    ),
    Language(
        "php",
        "tree_sitter_php",
        _kinds(
            class_="class_declaration",
            type="interface_declaration trait_declaration enum_declaration",
            function="function_definition",
            method="method_declaration",
            constant="const_declaration",
        ),
        ("namespace_use_clause", "include_expression", "require_once_expression", "require_expression"),
        (*_LOOPS, "foreach_statement", "case_statement", "catch_clause", "conditional_expression", "else_if_clause"),
        function="language_php",
    ),
    Language(
        "csharp",
        "tree_sitter_c_sharp",
        _kinds(
            class_="class_declaration",
            type="interface_declaration struct_declaration enum_declaration record_declaration delegate_declaration",
            method="method_declaration constructor_declaration operator_declaration local_function_statement",
            constant="property_declaration",
            module="namespace_declaration",
        ),
        ("using_directive",),
        (
            *_LOOPS,
            "foreach_statement",
            "switch_section",
            "switch_expression_arm",
            "catch_clause",
            "conditional_expression",
        ),
    ),
    Language(
        "kotlin",
        "tree_sitter_kotlin",
        _kinds(
            class_="class_declaration object_declaration companion_object",
            function="function_declaration secondary_constructor",
            type="type_alias",
            constant="property_declaration",
        ),
        ("import",),
        ("if_expression", "when_entry", "for_statement", "while_statement", "catch_block", "do_while_statement"),
    ),
    Language(
        "swift",
        "tree_sitter_swift",
        _kinds(
            class_="class_declaration",
            type="protocol_declaration typealias_declaration",
            function="function_declaration protocol_function_declaration init_declaration subscript_declaration",
            constant="property_declaration",
            macro="macro_declaration",
        ),
        ("import_declaration",),
        (*_LOOPS, "guard_statement", "switch_entry", "catch_block", "repeat_while_statement", "ternary_expression"),
    ),
    Language(
        "elixir",
        "tree_sitter_elixir",
        _kinds(dsl="call"),
        ("call",),
        ("stab_clause",),
        calls=tuple(
            (
                "def defp defmodule defmacro defmacrop defprotocol defimpl defstruct defguard defdelegate describe test"
            ).split()
        ),
    ),
    Language(
        "lua",
        "tree_sitter_lua",
        _kinds(function="function_declaration", variable="variable_declaration"),
        ("function_call",),
        (*_LOOPS, "elseif_statement", "repeat_statement"),
    ),
)

_EXTENSIONS = {
    "python": "py pyi pyw",
    "javascript": "js mjs cjs jsx",
    "typescript": "ts mts cts",
    "tsx": "tsx",
    "go": "go",
    "rust": "rs",
    "java": "java",
    "c": "c h",
    "cpp": "cc cpp cxx hpp hh hxx h++ c++ ipp tpp inl cu cuh",
    "bash": "sh bash zsh bats",
    "ruby": "rb rake gemspec ru",
    "scala": "scala sc sbt",
    "php": "php",
    "csharp": "cs",
    "kotlin": "kt kts",
    "swift": "swift",
    "elixir": "ex exs",
    "lua": "lua",
    "sql": "sql",
    "yaml": "yaml yml tpl",
    "toml": "toml",
    "markdown": "md markdown mdx",
    "rst": "rst",
    "ini": "ini cfg conf properties service timer",
    "json": "json jsonc json5",
    "html": "html htm",
    "vue": "vue",
    "svelte": "svelte",
    "css": "css scss sass less",
    "perl": "pl pm",
    "haskell": "hs",
    "ocaml": "ml mli",
    "clojure": "clj cljs cljc",
    "erlang": "erl hrl",
    "dart": "dart",
    "zig": "zig",
    "nim": "nim",
    "r": "r",
    "julia": "jl",
    "protobuf": "proto",
    "graphql": "graphql gql",
    "terraform": "tf tfvars hcl",
    "groovy": "groovy gradle",
    "objective-c": "m mm",
    "text": "txt",
}
_NAMES = {
    "dockerfile": "dockerfile",
    "containerfile": "dockerfile",
    "makefile": "make",
    "gnumakefile": "make",
    "rakefile": "ruby",
    "gemfile": "ruby",
    "jenkinsfile": "groovy",
    "cmakelists.txt": "cmake",
}
_BY_EXTENSION = {extension: name for name, words in _EXTENSIONS.items() for extension in words.split()}
_SHEBANGS = {"python": "python", "sh": "bash", "bash": "bash", "zsh": "bash", "node": "javascript", "ruby": "ruby"}
PROSE = frozenset(("markdown", "rst", "text"))
MARKUP = frozenset(("html", "css"))
CONFIGURATION = frozenset(("yaml", "toml", "ini", "json"))
NAMES = frozenset((*_EXTENSIONS, *_NAMES.values()))


def check_names(names: Iterable[str]) -> None:
    """Check names of languages as people write them.

    Raises:
        UsageError: for one that no file has.
    """
    for name in names:
        if name not in NAMES:
            raise UsageError(f"{name!r} is not a language here", hint=f"one of {', '.join(sorted(NAMES))}")


def language_of(path: str, first_line: str = "") -> str:
    """Return the name of a file's language by its name, else by its first line; ``text`` when neither says one.

    >>> language_of("src/app.py"), language_of("deploy/Dockerfile.prod"), language_of("run", "#!/usr/bin/env bash")
    ('python', 'dockerfile', 'bash')
    """
    base = path.rpartition("/")[2].lower()
    named = _NAMES.get(base) or _NAMES.get(base.partition(".")[0])
    if named:
        return named
    stem, dot, extension = base.rpartition(".")
    if dot and extension in _BY_EXTENSION and stem:
        return _BY_EXTENSION[extension]
    if first_line.startswith("#!"):
        program = first_line.rsplit(maxsplit=1)[-1].rpartition("/")[2].rstrip("0123456789.")
        return _SHEBANGS.get(program, "text")
    return "text"
