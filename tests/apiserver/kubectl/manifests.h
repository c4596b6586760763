#pragma once

namespace ferry::testing {

inline constexpr const char* kWebService = R"(apiVersion: v1
kind: Service
metadata:
  name: web
  labels:
    tier: front
spec:
  selector:
    app: web
  ports:
  - name: http
    port: 80
    targetPort: 8080
)";

inline constexpr const char* kWebPod = R"(apiVersion: v1
kind: Pod
metadata:
  name: web-1
  labels:
    app: web
spec:
  containers:
  - name: main
    image: web
    ports:
    - name: http
      containerPort: 8080
)";

inline constexpr const char* kNode = R"(apiVersion: v1
kind: Node
metadata:
  name: node-1
  labels:
    topology.kubernetes.io/zone: zone-a
)";

inline constexpr const char* kSlice = R"(apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: web-abc
  labels:
    kubernetes.io/service-name: web
addressType: IPv4
endpoints:
- addresses: ["10.1.0.1"]
  conditions:
    ready: true
ports:
- name: http
  port: 8080
  protocol: TCP
)";

inline constexpr const char* kDaemonSet = R"(apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: agent
spec:
  selector:
    matchLabels: {app: agent}
  template:
    metadata:
      labels: {app: agent}
    spec:
      containers:
      - name: main
        image: agent
        securityContext:
          capabilities: {drop: [ALL], add: [NET_ADMIN, NET_RAW]}
        livenessProbe:
          httpGet: {path: /livez, port: 10256}
        volumeMounts:
        - {name: run, mountPath: /run/agent}
      volumes:
      - name: run
        hostPath: {path: /run/agent, type: DirectoryOrCreate}
)";

}  // namespace ferry::testing
