// Usage: fuzz_corpus FOLDER. Writes seeds for every fuzzer, FOLDER/TARGET/NAME, taken from the recordings.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <zlib.h>

#include "tests/watch/codec/heard.h"
#include "tests/watch/codec/recording.h"

namespace {

using ferry::testing::Recording;

/// Larger inputs make a fuzzer slow without teaching it more.
constexpr std::size_t kMaxSeed = 20000;

/// A packed input inflates to many times its size.
constexpr std::size_t kMaxPackedSeed = 2000;

std::string gzip(std::string text) {
  z_stream stream{};
  deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(packed.size() - stream.avail_out);
  deflateEnd(&stream);
  return packed;
}

// What no server of today sends, or none of the recorded ones was asked for.
constexpr std::string_view kNode =
    R"({"kind":"Node","apiVersion":"v1","metadata":{"name":"n1","resourceVersion":"9","labels":{"topology.kubernetes.io/zone":"z"},)"
    R"("deletionTimestamp":null},"spec":{"podCIDR":"10.244.1.0/24","podCIDRs":["10.244.1.0/24","fd00:1::/64"],)"
    R"("taints":[{"key":"ToBeDeletedByClusterAutoscaler"}]},"status":{"addresses":[{"type":"InternalIP","address":"192.168.0.5"}]}})";
constexpr std::string_view kHistoricalService =
    R"({"kind":"Service","id":"a","resourceVersion":3,"apiVersion":"v1beta1","port":80,"protocol":"UDP","portalIP":"10.0.0.1"})";
constexpr std::string_view kHistoricalEndpoints =
    R"({"kind":"Endpoints","id":"a","resourceVersion":3,"apiVersion":"v1beta1","endpoints":["10.0.0.1:80","[fd00::1]:81"]})";
constexpr std::string_view kFullService =
    R"({"metadata":{"name":"a","namespace":"b","labels":{"service.kubernetes.io/service-proxy-name":"x"},"annotations":)"
    R"({"kube-ferry.io/policy":"p","k8s.io/initial-events-end":"true"}},"spec":{"type":"LoadBalancer","clusterIPs":["10.96.0.1","fd00::1"],)"
    R"("ports":[{"name":"d","port":53,"nodePort":30053,"protocol":"UDP"}],"externalIPs":["192.0.2.1"],"loadBalancerSourceRanges":)"
    R"(["10.0.0.0/8"],"sessionAffinity":"ClientIP","sessionAffinityConfig":{"clientIP":{"timeoutSeconds":10}},)"
    R"("externalTrafficPolicy":"Local","internalTrafficPolicy":"Local","healthCheckNodePort":1},"status":{"loadBalancer":)"
    R"({"ingress":[{"ip":"192.0.2.2","ipMode":"VIP"}]}}})";
constexpr std::string_view kFullSlice =
    R"({"metadata":{"name":"a","namespace":"b","labels":{"kubernetes.io/service-name":"s"}},"addressType":"IPv6","ports":)"
    R"([{"name":"","port":1,"protocol":"SCTP"}],"endpoints":[{"addresses":["fd00::1"],"conditions":{"ready":false,"serving":true,)"
    R"("terminating":true},"zone":"z","nodeName":"n","topology":{"kubernetes.io/hostname":"h","topology.kubernetes.io/zone":"z"},)"
    R"("hints":{"forZones":[{"name":"z"}],"forNodes":[{"name":"n"}]}}]})";
constexpr std::string_view kFullEndpoints =
    R"({"metadata":{"name":"a","namespace":"b"},"subsets":[{"addresses":[{"ip":"10.0.0.1","nodeName":"n"}],"notReadyAddresses":)"
    R"([{"ip":"fd00::1"}],"ports":[{"name":"p","port":1,"protocol":"UDP"}]}]})";

class Corpus {
 public:
  explicit Corpus(std::filesystem::path folder) : folder_(std::move(folder)) {}

  void add(const std::string& target, std::string_view seed) {
    if (seed.size() > kMaxSeed) return;
    std::filesystem::create_directories(folder_ / target);
    std::ofstream file(folder_ / target / ("seed-" + std::to_string(count_++)), std::ios::binary);
    file.write(seed.data(), static_cast<std::streamsize>(seed.size()));
    if (!file.flush()) throw std::runtime_error("cannot write to " + folder_.string());
  }

  /// An object goes to the fuzzers of its resource, found by what it has of its own.
  void add_object(const Recording& recording, std::string_view json) {
    if (json.find("\"subsets\"") != std::string_view::npos) return add("v1_endpoints", json);
    if (json.find("\"addressType\"") == std::string_view::npos) return add("v1_services", json);
    add(recording.name.starts_with("kube-apiserver-1.20") ? "discovery_v1beta1" : "discovery_v1", json);
  }

  void add_recording(const Recording& recording) {
    if (recording.headers.contains("content-encoding")) add("inflater", recording.body.substr(0, kMaxPackedSeed));
    if (recording.body.size() < kMaxPackedSeed) add("inflater", gzip(recording.body));
    if (recording.body.find("\"kind\": \"Status\"") != std::string::npos) add("status", recording.body);
    add("list_scanner", recording.body);
    for (const std::string& item : ferry::testing::hear_list({recording.body}).items) add_object(recording, item);
    const auto events = ferry::testing::hear_watch({recording.body}).events;
    if (events.empty() || events.front().type.empty()) return;
    add("watch_scanner", recording.body);
    for (const auto& event : events) {
      if (event.type == "ERROR") {
        add("status", event.object);
      } else {
        add_object(recording, event.object);
      }
    }
  }

 private:
  std::filesystem::path folder_;
  std::size_t count_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: fuzz_corpus FOLDER\n";
    return 2;
  }
  Corpus corpus(argv[1]);
  for (const std::string& name : ferry::testing::list_recordings()) {
    corpus.add_recording(ferry::testing::read_recording(name));
  }
  corpus.add("v1_nodes", kNode);
  corpus.add("v1_services", kFullService);
  corpus.add("v1_endpoints", kFullEndpoints);
  corpus.add("discovery_v1", kFullSlice);
  corpus.add("discovery_v1beta1", kFullSlice);
  corpus.add("v1beta1_services", kHistoricalService);
  corpus.add("v1beta1_endpoints", kHistoricalEndpoints);
  using namespace std::string_view_literals;
  corpus.add("proxy_header", "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0C\x0A\xF4\0\x02\x0A\x60\0\x0A\xD4\x31\0\x50"sv);
  corpus.add("watch_scanner", R"({"Type":"ADDED","Object":{"id":"a"}})");
  return 0;
}
