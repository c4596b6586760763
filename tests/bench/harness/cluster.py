"""A cluster of objects as large as real ones, in the mock API server."""

import http.client
import json
import re
import threading

from harness.contenders import BIN
from harness.processes import Process


def managed_fields(manager, fields):
    """As kube-apiserver keeps them."""
    return [{"manager": manager, "operation": "Update", "apiVersion": "v1", "time": "2026-11-01T10:00:00Z",
             "fieldsType": "FieldsV1", "fieldsV1": fields}]


def address(base, number):
    """The address that many after the first of a /8, such as 10.0.0.0."""
    return f"{base}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def service(number):
    name = f"service-{number:05}"
    labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/instance": f"{name}-production",
              "app.kubernetes.io/managed-by": "Helm", "helm.sh/chart": "microservice-1.14.2"}
    selector = {"app.kubernetes.io/name": name, "app.kubernetes.io/instance": f"{name}-production"}
    spec = {
        "clusterIP": address("10", (96 << 16) + 256 + number), "type": "ClusterIP", "sessionAffinity": "None",
        "internalTrafficPolicy": "Cluster", "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack",
        "ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": 8080}], "selector": selector}
    spec["clusterIPs"] = [spec["clusterIP"]]
    applied = json.dumps({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "labels": labels},
                          "spec": {"ports": spec["ports"], "selector": selector}})
    fields = {"f:metadata": {"f:annotations": {".": {}, "f:kubectl.kubernetes.io/last-applied-configuration": {}},
                             "f:labels": {".": {}, **{f"f:{label}": {} for label in labels}}},
              "f:spec": {"f:internalTrafficPolicy": {}, "f:ports": {
                  ".": {}, 'k:{"port":80,"protocol":"TCP"}': {".": {}, "f:name": {}, "f:port": {}, "f:protocol": {},
                                                              "f:targetPort": {}}},
                         "f:selector": {}, "f:sessionAffinity": {}, "f:type": {}}}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {
        "name": name, "namespace": "production", "labels": labels,
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": applied},
        "managedFields": managed_fields("kubectl-client-side-apply", fields)}, "spec": spec}


def endpoint(at, number):
    return {"addresses": [at], "conditions": {"ready": True, "serving": True, "terminating": False},
            "nodeName": f"node-{number % 1000:04}.internal.example.org", "zone": f"zone-{number % 3}",
            "targetRef": {"kind": "Pod", "namespace": "production", "name": f"pod-6d5f7c9b8-{number:05x}",
                          "uid": f"7b1e7a52-6f0a-4c1e-9d43-{number:012x}"}}


def slice_of(number, endpoints):
    name = f"service-{number:05}"
    fields = {"f:addressType": {}, "f:endpoints": {}, "f:metadata": {
        "f:annotations": {".": {}, "f:endpoints.kubernetes.io/last-change-trigger-time": {}},
        "f:generateName": {}, "f:labels": {".": {}, "f:endpointslice.kubernetes.io/managed-by": {},
                                           "f:kubernetes.io/service-name": {}},
        "f:ownerReferences": {".": {}, 'k:{"uid":"d2c6f5b4"}': {}}}, "f:ports": {}}
    return {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4", "metadata": {
        "name": f"{name}-x7k2p", "generateName": f"{name}-", "namespace": "production",
        "labels": {"endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
                   "kubernetes.io/service-name": name, "app.kubernetes.io/name": name},
        "annotations": {"endpoints.kubernetes.io/last-change-trigger-time": "2026-11-01T10:00:00Z"},
        "ownerReferences": [{"apiVersion": "v1", "kind": "Service", "name": name, "controller": True,
                             "uid": f"d2c6f5b4-0b7e-4f60-8f1b-{number:012x}", "blockOwnerDeletion": True}],
        "managedFields": managed_fields("kube-controller-manager", fields)},
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}], "endpoints": endpoints}


def write_cluster(path, services, endpoints):
    """The endpoints are shared out among the services. The bytes of it all."""
    made = 0
    with open(path, "w") as file:
        for number in range(services):
            share = endpoints * (number + 1) // services - endpoints * number // services
            slots = [endpoint(address("10", (128 << 16) + made + each), made + each) for each in range(share)]
            made += share
            for item in (service(number), slice_of(number, slots)):
                file.write(json.dumps(item) + "\n---\n")
        return file.tell()


class ApiServer:
    """The mock API server with these manifests."""

    SERVICES = "/api/v1/namespaces/production/services"
    SLICES = "/apis/discovery.k8s.io/v1/namespaces/production/endpointslices"

    def __init__(self, manifests, cpus=None):
        self.process = Process([str(BIN / "kube-ferry-apiserver"), "--listen", "127.0.0.1:0", "--seed", manifests,
                                "--service-cluster-ip-range", "10.96.0.0/12"], cpus, wait_for="http://")
        self.url = re.search(r"http://[0-9.:]+", self.process.output).group(0)
        self._own = threading.local()

    def ask(self, method, path, body=None, content_type="application/json"):
        """Each thread has a connection of its own."""
        if not hasattr(self._own, "connection"):
            self._own.connection = http.client.HTTPConnection(self.url.removeprefix("http://"))
        self._own.connection.request(method, path, body and json.dumps(body), {"Content-Type": content_type})
        response = self._own.connection.getresponse()
        text = response.read()
        if response.status >= 300:
            raise RuntimeError(f"{method} {path}: {response.status} {text[:300]}")
        return json.loads(text)

    def patch(self, path, change):
        return self.ask("PATCH", path, change, "application/merge-patch+json")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stop()
