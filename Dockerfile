# The image of kube-ferry: the daemon and the shared libraries it loads, nothing of what built it.
#
#   docker build -t kube-ferry --build-arg COMMIT="$(git describe --always --dirty --abbrev=12)" .
#   docker build --target package --output . .     # instead of it the .deb, into this folder
FROM debian:12-slim AS build
WORKDIR /src
COPY deploy/install-deps deploy/install-deps
# The layer of packages changes only with the list itself.
RUN deploy/install-deps --build
COPY . .
ARG COMMIT=unknown
RUN cmake --preset release -DFERRY_BUILD_TESTS=OFF -DFERRY_COMMIT="$COMMIT" \
 && cmake --build --preset release --target kube-ferry \
 && strip build/release/bin/kube-ferry \
 && deploy/image-root build/release/bin/kube-ferry /image

# The Debian package alone.
FROM build AS package-build
RUN apt-get -qq update && apt-get -qq install -y --no-install-recommends dpkg-dev file
# What else belongs into it, the manual among it, is built here.
RUN cmake --build --preset release && cd build/release && cpack -G DEB -B /package

FROM scratch AS package
COPY --from=package-build /package/*.deb /

FROM scratch
ARG COMMIT=unknown
ARG VERSION=0.1.0
ARG SOURCE=""
LABEL org.opencontainers.image.title="kube-ferry" \
      org.opencontainers.image.description="A service proxy for Kubernetes nodes" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$COMMIT" \
      org.opencontainers.image.source="$SOURCE"
COPY --from=build /image /
# Binding service addresses inside 127.0.0.0/8 needs no privilege. A node's real service range does: run it there as
# root with CAP_NET_ADMIN, CAP_NET_BIND_SERVICE, CAP_BPF and CAP_NET_RAW.
USER 65534:65534
EXPOSE 10256
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 CMD ["/usr/local/bin/kube-ferry", "probe"]
ENTRYPOINT ["/usr/local/bin/kube-ferry"]
