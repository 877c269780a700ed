"""An API server of Kubernetes with its etcd on loopback, and as much of its REST API as tests need."""

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

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    Object = dict[str, Any]

FOLDER = os.environ.get("KUBE_BIN", "")
"""Where the programs are, when they are not on PATH."""
IS_REQUIRED = bool(os.environ.get("KUBE_REQUIRED"))
"""Whether a missing program fails the tests."""
_START_S = 60.0
_TOKEN = "loopback-only"  # of a server that ends with its test
_PATHS = {
    "Namespace": "/api/v1/namespaces",
    "ServiceAccount": "/api/v1/namespaces/{}/serviceaccounts",
    "ConfigMap": "/api/v1/namespaces/{}/configmaps",
    "Pod": "/api/v1/namespaces/{}/pods",
    "ValidatingAdmissionPolicy": "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
    "ValidatingAdmissionPolicyBinding": "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings",
}


def program(name: str) -> str | None:
    """Return the path of a program, from the folder or PATH."""
    return shutil.which(name, path=f"{FOLDER}{os.pathsep}{os.environ.get('PATH', '')}" if FOLDER else None)


class ApiServer:
    """A running API server."""

    def __init__(self, port: int, certificate: Path) -> None:
        self._url = f"https://127.0.0.1:{port}"
        self._certificate = certificate

    def call(self, method: str, path: str, body: object = None, kind: str = "application/json") -> tuple[int, Object]:
        """Return status and answer of a request."""
        headers = {"Authorization": f"Bearer {_TOKEN}", "Content-Type": kind}
        data = None if body is None else json.dumps(body).encode()
        request = Request(self._url + path, data, headers, method=method)
        context = ssl.create_default_context(cafile=str(self._certificate))
        try:
            with urlopen(request, timeout=30, context=context) as answer:
                return answer.status, json.load(answer)
        except HTTPError as error:
            return error.code, json.load(error)

    def apply(self, item: Object, subresource: str = "") -> tuple[int, Object]:
        """Apply an object as `kubectl apply --server-side --force-conflicts` does."""
        metadata = item["metadata"]
        path = _PATHS[item["kind"]].format(metadata.get("namespace", "")) + f"/{metadata['name']}{subresource}"
        # JSON is YAML too.
        return self.call("PATCH", f"{path}?fieldManager=kubectl&force=true", item, "application/apply-patch+yaml")

    def create(self, item: Object) -> tuple[int, Object]:
        """Create an object."""
        return self.call("POST", _PATHS[item["kind"]].format(item["metadata"].get("namespace", "")), item)

    def is_ready(self) -> bool:
        """Tell whether it answers, and has its own namespaces."""
        try:
            return self._certificate.exists() and self.call("GET", "/api/v1/namespaces/kube-system")[0] == 200
        except (URLError, OSError, ValueError):
            return False


@contextmanager
def api_server(folder: Path) -> Iterator[ApiServer]:
    """Run etcd and kube-apiserver with their files in a folder."""
    etcd_port, peer_port, port = _free_ports(3)
    etcd_url, peer_url = f"http://127.0.0.1:{etcd_port}", f"http://127.0.0.1:{peer_port}"
    key, tokens, certificates = folder / "accounts.key", folder / "tokens.csv", folder / "certificates"
    subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
    tokens.write_text(f'{_TOKEN},admin,admin,"system:masters"\n')
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
        "--service-account-signing-key-file", key, "--disable-admission-plugins", "ServiceAccount",
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
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
