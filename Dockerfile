# The image of kube-ferry: the daemon and the shared libraries it needs, nothing of what built it.
FROM debian:12-slim AS build
WORKDIR /src
COPY deploy/install-deps deploy/install-deps
# The layer of packages changes only with the list itself.
RUN deploy/install-deps --build
COPY . .
RUN cmake --preset release -DFERRY_BUILD_TESTS=OFF \
 && cmake --build --preset release --target kube-ferry \
 && strip build/release/bin/kube-ferry

FROM debian:12-slim
# ca-certificates: for API servers that a public authority vouches for.
RUN apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
      ca-certificates libbpf1 libfmt9 libprometheus-cpp-core1.0 libspdlog1.10 libssl3 libyaml-cpp0.7 zlib1g >/dev/null \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /src/build/release/bin/kube-ferry /usr/local/bin/kube-ferry
# Binding service addresses inside 127.0.0.0/8 needs no privilege. A node's real service range does: run it there as
# root with CAP_NET_ADMIN, CAP_NET_BIND_SERVICE, CAP_BPF and CAP_NET_RAW.
USER nobody
EXPOSE 10256
ENTRYPOINT ["/usr/local/bin/kube-ferry"]
