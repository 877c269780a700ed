"""What a file is decides how much it counts: configuration is code, and so is a module file that defines something."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ctx.repositories import ask, paths, repository

if TYPE_CHECKING:
    from pathlib import Path

CLUSTER: dict[str, str | bytes] = {
    "drain.py": '"""Waits for a pod of the worker before a disruption."""\n\n\ndef drain(pod, budget):\n'
    '    """Wait until the worker of a pod has finished, within the budget of seconds."""\n'
    "    return pod.wait(budget)\n",
    "placement.py": '"""Which worker tolerates which node."""\n\n\ndef tolerates(worker, node):\n'
    '    """Return whether the worker may run on a gpu node."""\n    return "gpu" in worker.tags or not node.gpu\n',
    "worker.yaml": "kind: Deployment\nmetadata:\n  name: embedding-worker\nspec:\n  template:\n    spec:\n"
    "      tolerations:\n        - key: gpu\n          operator: Exists\n---\nkind: PodDisruptionBudget\n"
    "metadata:\n  name: embedding-worker\nspec:\n  minAvailable: 2\n",
    "README.md": "# Worker disruption budget\n\nThe disruption budget of the worker, and gpu tolerations.\n",
    "chart/templates/_ingress.tpl": '{{- define "ingress.annotations" }}\nmaxBodySize: 8m\n{{- end }}\n',
    "ingress.md": "# Ingress annotations\n\nOn the annotations of the ingress: its body size.\n",
    "queue.properties": "dispatcher.queue.capacity=500\n",
    "capacity.md": "# Dispatcher queue capacity\n\nThe capacity of the queue of the dispatcher.\n",
}
TOKENS = """/** Renews a token shortly before it expires, once for all callers that wait. */
export const tokens = (options: TokenOptions) => {
  let pending: Promise<string> | undefined
  return async (ask: () => Promise<string>) => (pending = pending ?? ask())
}
"""
STORE = """/** Keeps a token until it expires; who renews it before it expires is the plugin. */
export const store = (base: Map<string, string>) => (key: string) => base.get(key)
"""


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("worker disruption budget", "worker.yaml"),
        ("ingress annotations", "chart/templates/_ingress.tpl"),
        ("dispatcher queue capacity", "queue.properties"),
    ],
)
def test_configuration_comes_before_prose_and_remarks(tmp_path: Path, query: str, path: str) -> None:
    assert paths(ask(repository(tmp_path / "r", CLUSTER), query))[0] == path


def test_a_question_that_names_configuration_takes_no_factor(tmp_path: Path) -> None:
    hits = ask(repository(tmp_path / "r", CLUSTER), "yaml of the worker disruption budget")
    assert "×configuration" not in dict(next(hit for hit in hits if hit.path == "worker.yaml").why)


@pytest.mark.parametrize(
    ("path", "text", "factor"),
    [
        ("tokens/index.ts", TOKENS, None),
        ("tokens/index.ts", 'export * from "./tokens"\nexport { renew as tokens } from "./renew"\n', 0.5),
        ("tokens/__init__.py", "from tokens.renew import tokens\n\n__all__ = ['tokens']\n", 0.5),
        ("tokens/__init__.py", "from tokens import renew\n\n\ndef __getattr__(tokens):\n    return renew\n", 0.5),
        ("tokens/__init__.py", "def tokens():\n    return renew()\n", None),
        ("tokens/index.js", "module.exports = require('./tokens')\n", 0.5),
    ],
)
def test_only_a_file_that_defines_nothing_counts_as_re_exports(
    tmp_path: Path, path: str, text: str, factor: float | None
) -> None:
    hit = ask(repository(tmp_path / "r", {path: text}), "tokens")[0]
    assert dict(hit.why).get("×re-exports") == factor


def test_the_index_file_that_does_the_work_comes_first(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"src/plugins/tokens/index.ts": TOKENS, "src/store/store.ts": STORE}
    root = repository(tmp_path / "r", files)
    assert paths(ask(root, "renew a token before it expires"))[0] == "src/plugins/tokens/index.ts"
