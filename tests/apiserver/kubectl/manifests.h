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

}  // namespace ferry::testing
