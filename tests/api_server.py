"""An API server of Kubernetes, with etcd, on loopback; and as much of its REST API as tests need."""

from __future__ import annotations

import json
import os
import shutil
import socket
import ssl
import subprocess
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    Object = dict[str, Any]

FOLDER = os.environ.get("KUBE_BIN", "")
"""Where the programs are, when they are not on PATH."""
IS_REQUIRED = bool(os.environ.get("KUBE_REQUIRED"))
"""Whether a missing program fails the tests."""
_START_S = 60.0
TOKEN = "loopback-only"  # of a server that ends with its test
_PATHS = {
    "Namespace": "/api/v1/namespaces",
    "ServiceAccount": "/api/v1/namespaces/{}/serviceaccounts",
    "ConfigMap": "/api/v1/namespaces/{}/configmaps",
    "Service": "/api/v1/namespaces/{}/services",
    "PersistentVolumeClaim": "/api/v1/namespaces/{}/persistentvolumeclaims",
    "Pod": "/api/v1/namespaces/{}/pods",
    "Deployment": "/apis/apps/v1/namespaces/{}/deployments",
    "Job": "/apis/batch/v1/namespaces/{}/jobs",
    "CronJob": "/apis/batch/v1/namespaces/{}/cronjobs",
    "NetworkPolicy": "/apis/networking.k8s.io/v1/namespaces/{}/networkpolicies",
    "ValidatingAdmissionPolicy": "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
    "ValidatingAdmissionPolicyBinding": "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings",
    "ValidatingWebhookConfiguration": "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
}


def program(name: str) -> str | None:
    """Return the path of a program, from the folder or PATH."""
    return shutil.which(name, path=f"{FOLDER}{os.pathsep}{os.environ.get('PATH', '')}" if FOLDER else None)


def needs(*names: str) -> pytest.MarkDecorator:
    """Return the mark that skips tests without these programs, unless they are required."""
    missing = [name for name in names if not program(name)]
    reason = f"needs {', '.join(missing)} on PATH or in KUBE_BIN"
    return pytest.mark.skipif(bool(missing) and not IS_REQUIRED, reason=reason)


def path_of(kind: str, namespace: str = "") -> str:
    """Return the path of all objects of a kind; some kinds have no namespace."""
    return _PATHS[kind].format(namespace)


class ApiServer:
    """A running API server.

    Attributes:
        url: where it is.
        certificate: what it is known by.
        warnings: what it has warned of, in the order of the requests.
    """

    def __init__(self, port: int, certificate: Path) -> None:
        self.url = f"https://127.0.0.1:{port}"
        self.certificate = certificate
        self.warnings: list[str] = []

    def call(self, method: str, path: str, body: object = None, kind: str = "application/json") -> tuple[int, Object]:
        """Return status and answer of a request."""
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": kind}
        data = None if body is None else json.dumps(body).encode()
        request = Request(self.url + path, data, headers, method=method)
        context = ssl.create_default_context(cafile=str(self.certificate))
        try:
            with urlopen(request, timeout=30, context=context) as answer:
                self.warnings += answer.headers.get_all("Warning", [])
                return answer.status, json.load(answer)
        except HTTPError as error:
            return error.code, json.load(error)

    def apply(self, item: Object, subresource: str = "") -> tuple[int, Object]:
        """Apply an object as `kubectl apply --server-side --force-conflicts` does."""
        metadata = item["metadata"]
        path = f"{path_of(item['kind'], metadata.get('namespace', ''))}/{metadata['name']}{subresource}"
        # JSON is YAML too.
        return self.call("PATCH", f"{path}?fieldManager=kubectl&force=true", item, "application/apply-patch+yaml")

    def create(self, item: Object) -> tuple[int, Object]:
        """Create an object, and refuse one with a field that its kind does not have."""
        path = path_of(item["kind"], item["metadata"].get("namespace", ""))
        return self.call("POST", f"{path}?fieldValidation=Strict", item)

    def admit(self, item: Object) -> Object:
        """Create an object, which must be accepted."""
        status, answer = self.create(item)
        assert status == 201, f"{item['kind']}: {answer['message']}"
        return answer

    def restricted_namespace(self) -> str:
        """Make a namespace with the strictest Pod Security and its account `default`; return its name."""
        name = f"n{len(self.every('Namespace'))}"
        labels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
        self.admit({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
        # In a cluster a controller makes it.
        self.admit({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": name}})
        return name

    def every(self, kind: str, namespace: str = "") -> list[Object]:
        """Return the objects of a kind."""
        return self.call("GET", path_of(kind, namespace))[1]["items"]

    def version(self) -> str:
        """Return its version; a build that was not told one has v0.0.0."""
        return str(self.call("GET", "/version")[1]["gitVersion"])

    def is_ready(self) -> bool:
        """Tell whether it answers, and has its own namespaces."""
        try:
            return self.certificate.exists() and self.call("GET", "/api/v1/namespaces/kube-system")[0] == 200
        except (URLError, OSError, ValueError):
            return False


@contextmanager
def api_server(folder: Path, *, has_accounts: bool = False) -> Iterator[ApiServer]:
    """Run etcd and kube-apiserver with their files in a folder.

    Args:
        folder: an empty folder.
        has_accounts: whether the ServiceAccount of a pod must exist, as in a cluster. No controller makes `default`.
    """
    etcd_port, peer_port, port = _free_ports(3)
    etcd_url, peer_url = f"http://127.0.0.1:{etcd_port}", f"http://127.0.0.1:{peer_port}"
    key, tokens, certificates = folder / "accounts.key", folder / "tokens.csv", folder / "certificates"
    subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
    tokens.write_text(f'{TOKEN},admin,admin,"system:masters"\n')
    etcd = [
        "etcd", "--data-dir", folder / "etcd", "--listen-client-urls", etcd_url, "--advertise-client-urls", etcd_url,
        "--listen-peer-urls", peer_url, "--initial-advertise-peer-urls", peer_url,
        "--initial-cluster", f"default={peer_url}",
    ]  # fmt: skip
    server = [
        "kube-apiserver", "--etcd-servers", etcd_url, "--bind-address", "127.0.0.1", "--secure-port", str(port),
        "--endpoint-reconciler-type", "none", "--cert-dir", certificates, "--token-auth-file", tokens,
        "--authorization-mode", "AlwaysAllow", "--service-cluster-ip-range", "10.0.0.0/24",
        "--service-account-issuer", "https://kubernetes.default.svc", "--service-account-key-file", key,
        "--service-account-signing-key-file", key,
        "--allow-privileged",  # as in most clusters: Pod Security decides
        *([] if has_accounts else ["--disable-admission-plugins", "ServiceAccount"]),
    ]  # fmt: skip
    with ExitStack() as stack:
        for command in (etcd, server):
            stack.enter_context(_running(command, folder))
        found = ApiServer(port, certificates / "apiserver.crt")
        end = time.monotonic() + _START_S
        while not found.is_ready():
            assert time.monotonic() < end, (folder / "kube-apiserver.log").read_text()[-2000:]
            time.sleep(0.2)
        yield found


@contextmanager
def _running(command: list[Any], folder: Path) -> Iterator[None]:
    name = command[0]
    assert program(name), f"{name} is neither on PATH nor in KUBE_BIN"
    with (folder / f"{name}.log").open("w") as log:
        process = subprocess.Popen([program(name), *command[1:]], stdout=log, stderr=log)
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _free_ports(number: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for found in sockets:
            found.bind(("127.0.0.1", 0))
        return [found.getsockname()[1] for found in sockets]
