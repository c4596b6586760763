# Everything comes from the distribution; deploy/install-deps installs it.
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)

# yaml-cpp renamed its target in 0.8.
if(NOT TARGET yaml-cpp::yaml-cpp)
  add_library(yaml-cpp::yaml-cpp ALIAS yaml-cpp)
endif()

if(FERRY_BUILD_TESTS)
  find_package(GTest REQUIRED)
  find_package(benchmark REQUIRED)
endif()

# Capture by sk_lookup, and steering. Without one of these kube-ferry still builds, binds to every service address
# instead, and relays every connection.
find_program(FERRY_BPF_CLANG NAMES clang DOC "Compiles BPF programs")
find_program(FERRY_BPFTOOL NAMES bpftool PATHS /usr/sbin /sbin DOC "Makes C headers of BPF programs")
find_library(FERRY_LIBBPF NAMES bpf DOC "libbpf")
find_path(FERRY_LIBBPF_HEADERS NAMES bpf/libbpf.h)
if(FERRY_BPF AND NOT (FERRY_BPF_CLANG AND FERRY_BPFTOOL AND FERRY_LIBBPF AND FERRY_LIBBPF_HEADERS))
  set(FERRY_BPF OFF)
  message(STATUS "Without capture by sk_lookup and steering, which take clang, bpftool and libbpf: service addresses are bound to")
endif()
