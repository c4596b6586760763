// Objects that a server should never send: each is an error that says why, and from where a watch goes on.
#include <string>

#include <gtest/gtest.h>

#include "watch/codec/discovery_v1/formats.h"
#include "watch/codec/stream_scanner.h"
#include "watch/codec/v1/formats.h"

namespace ferry::watch::codec {
namespace {

template <class T>
DecodeError error_of(const WireFormat<T>& format, const std::string& json) {
  const auto decoded = format.decode(json);
  EXPECT_FALSE(decoded.has_value()) << json.substr(0, 200);
  return decoded.has_value() ? DecodeError{} : decoded.error();
}

std::string service(const std::string& spec) {
  return R"({"spec":)" + spec + R"(,"metadata":{"name":"a","namespace":"ns","resourceVersion":"17"}})";
}

struct BadSpec {
  const char* spec;
  const char* reason;
};

TEST(BadService, IsAnErrorWithPathNameAndVersion) {
  for (const BadSpec& bad : {
           BadSpec{R"({"ports":[{"port":0}]})", "spec.ports[0]: a service port needs a port from 1 to 65535"},
           BadSpec{R"({"ports":[{"port":80},{"name":"x"}]})",
                   "spec.ports[1]: a service port needs a port from 1 to 65535"},
           BadSpec{R"({"ports":[{"port":70000}]})", "spec.ports[0].port: 70000 is not a port (1 to 65535)"},
           BadSpec{R"({"ports":[{"port":-1}]})", "spec.ports[0].port: -1 is not a port (1 to 65535)"},
           BadSpec{R"({"ports":[{"port":80,"nodePort":65536}]})",
                   "spec.ports[0].nodePort: 65536 is not a port (1 to 65535)"},
           BadSpec{R"({"ports":[{"port":"80"}]})", "spec.ports[0].port: expected a number, found a string"},
           BadSpec{R"({"ports":[{"port":1e400}]})", "spec.ports[0].port: 1e400 is not a port (1 to 65535)"},
           BadSpec{R"({"ports":[{"port":80.5}]})", "spec.ports[0].port: 80.5 is not a port (1 to 65535)"},
           BadSpec{R"({"ports":{"port":80}})", "spec.ports: expected a list, found an object"},
           BadSpec{R"({"ports":[5]})", "spec.ports[0]: expected an object, found a number"},
           BadSpec{R"({"clusterIP":["10.96.0.1"]})", "spec.clusterIP: expected a string, found a list"},
           BadSpec{R"({"clusterIP":"10.96.0.256"})", "spec.clusterIP: \"10.96.0.256\" is not an IP address"},
           BadSpec{R"({"clusterIPs":["fd00::1","x"]})", "spec.clusterIPs[1]: \"x\" is not an IP address"},
           BadSpec{R"({"loadBalancerSourceRanges":["10.0.0.0/8","10.0.0.0/33"]})",
                   "spec.loadBalancerSourceRanges[1]: \"10.0.0.0/33\" is not an address range"},
           BadSpec{R"({"loadBalancerSourceRanges":[" "]})",
                   "spec.loadBalancerSourceRanges[0]: \"\" is not an address range"},
           BadSpec{R"({"sessionAffinityConfig":{"clientIP":{"timeoutSeconds":86401}}})",
                   "spec.sessionAffinityConfig.clientIP.timeoutSeconds: 86401 is not a time from 1 to 86400 seconds"},
           BadSpec{R"({"healthCheckNodePort":99999})", "spec.healthCheckNodePort: 99999 is not a port (1 to 65535)"},
           BadSpec{R"({"type":7})", "spec.type: expected a string, found a number"},
           BadSpec{R"("none")", "spec: expected an object, found a string"},
       }) {
    const DecodeError error = error_of(v1::kServices, service(bad.spec));
    EXPECT_EQ(error.reason, bad.reason);
    EXPECT_EQ(error.object, "ns/a");
    EXPECT_EQ(error.resource_version, "17");
  }
}

TEST(BadObject, WithoutANameOrNamespaceIsAnError) {
  EXPECT_EQ(error_of(v1::kServices, "{}").reason, "metadata.name: missing");
  EXPECT_EQ(error_of(v1::kServices, "null").reason, "metadata.name: missing");
  EXPECT_EQ(error_of(v1::kServices, R"({"metadata":{"name":"a"}})").reason, "metadata.namespace: missing");
  EXPECT_EQ(error_of(v1::kEndpoints, R"({"metadata":{"namespace":"ns"}})").reason, "metadata.name: missing");
  EXPECT_EQ(error_of(v1::kNodes, R"({"metadata":{"resourceVersion":"4"}})").resource_version, "4");
  EXPECT_EQ(error_of(discovery_v1::kEndpointSlices, R"({"metadata":{"name":"a","namespace":"ns"}})").reason,
            "addressType: missing");
}

TEST(BadObject, OfAnotherKindOrVersionIsAnError) {
  EXPECT_EQ(error_of(v1::kServices, R"({"kind":"Pod","metadata":{"name":"a","namespace":"ns"}})").reason,
            "kind: \"Pod\" where Service was expected");
  EXPECT_EQ(error_of(discovery_v1::kEndpointSlices, R"({"apiVersion":"discovery.k8s.io/v1beta1"})").reason,
            "apiVersion: \"discovery.k8s.io/v1beta1\" where discovery.k8s.io/v1 was expected");
  EXPECT_EQ(v1::kServices.decode_meta(R"({"kind":"Status","metadata":{}})").error().reason,
            "kind: \"Status\" where Service was expected");
}

TEST(BadObject, ThatIsNotUtf8IsAnErrorWhereverTheBadByteStands) {
  const DecodeError error = error_of(
      v1::kServices, "{\"metadata\":{\"name\":\"a\",\"namespace\":\"ns\",\"annotations\":{\"unread\":\"\xff\"}}}");
  EXPECT_EQ(error.reason, "not UTF-8");
}

TEST(BadObject, ThatNestsTooDeepIsAnErrorEvenWhereNobodyReads) {
  const std::string deep = std::string(100000, '[') + std::string(100000, ']');
  const DecodeError error = error_of(
      v1::kServices, R"({"metadata":{"name":"a","namespace":"ns","resourceVersion":"5"},"other":)" + deep + "}");
  EXPECT_TRUE(error.reason.starts_with("other[0][0]")) << error.reason;
  EXPECT_TRUE(error.reason.ends_with("nests deeper than 64 levels")) << error.reason;
  EXPECT_EQ(error.object, "ns/a");
  EXPECT_EQ(error.resource_version, "5");
}

TEST(BadObject, LargerThanTheBoundIsAnError) {
  const std::string json = R"({"x":")" + std::string(kMaxObjectBytes, 'x') + "\"}";
  EXPECT_EQ(error_of(v1::kServices, json).reason, "larger than 4194304 bytes");
}

TEST(BadObject, CutOffOrFollowedBySomethingIsAnError) {
  const std::string whole = service(R"({"ports":[{"port":80,"name":"h\u00e4"}],"clusterIP":"10.96.0.1"})");
  ASSERT_TRUE(v1::kServices.decode(whole).has_value());
  for (std::size_t size = 0; size < whole.size(); ++size) error_of(v1::kServices, whole.substr(0, size));
  EXPECT_EQ(error_of(v1::kServices, whole + "x").reason, "something follows the object");
}

TEST(BadObject, ANameFromTheNetworkIsFitToBeLogged) {
  const DecodeError error =
      error_of(v1::kServices, R"({"metadata":{"name":"a\n\u001b[31m","namespace":"ns"},"spec":5})");
  EXPECT_EQ(error.object, "ns/a [31m");
}

TEST(BadSlice, APortThatIsNoneSpoilsItAndATypeNotKnownEmptiesIt) {
  const std::string meta = R"({"metadata":{"name":"a","namespace":"ns"},"addressType":")";
  EXPECT_EQ(error_of(discovery_v1::kEndpointSlices, meta + R"(IPv4","ports":[{"name":"x","port":70000}]})").reason,
            "ports[0].port: 70000 is not a port (1 to 65535)");
  EXPECT_EQ(error_of(discovery_v1::kEndpointSlices, meta + R"(IPv4","endpoints":[{"addresses":"10.0.0.1"}]})").reason,
            "endpoints[0].addresses: expected a list, found a string");
  EXPECT_EQ(
      error_of(discovery_v1::kEndpointSlices, meta + R"(IPv4","endpoints":[{"conditions":{"ready":"yes"}}]})").reason,
      "endpoints[0].conditions.ready: expected a boolean, found a string");
  const auto unknown =
      discovery_v1::kEndpointSlices.decode(meta + R"(IPv9","endpoints":[{"addresses":["10.0.0.1"]}]})");
  ASSERT_TRUE(unknown.has_value());
  EXPECT_TRUE(unknown->value.subsets.empty());
  EXPECT_EQ(unknown->left_out, "addressType: \"IPv9\" is not a type known here");
}

// What is left out is told by its path, which is gone once the object failed.
TEST(BadSlice, AMistakeInsideAnEndpointUnderAnEscapedNameIsToldOnce) {
  const DecodeError error = error_of(
      discovery_v1::kEndpointSlices,
      R"({"metadata":{"name":"a","namespace":"ns"},"endpoints":[{"a name too long for a small string\u0041":[1,}]})");
  EXPECT_EQ(error.reason, "endpoints[0].a name too long for a small stringA[1]: expected a value, found no JSON");
}

TEST(Metadata, OfABookmarkNeedsNoName) {
  const auto meta = v1::kServices.decode_meta(
      R"({"kind":"Service","apiVersion":"v1","metadata":{"resourceVersion":"25","creationTimestamp":null,
          "annotations":{"k8s.io/initial-events-end":"true"}},"spec":{"ports":"not even read"},"status":{"loadBalancer":{}}})");
  ASSERT_TRUE(meta.has_value()) << meta.error().reason;
  EXPECT_EQ(meta->resource_version, "25");
  EXPECT_TRUE(meta->initial_events_end);
  EXPECT_EQ(meta->name, config::NamespacedName{});
  EXPECT_FALSE(v1::kServices.decode_meta(R"({"metadata":{"annotations":{"k8s.io/initial-events-end":"false"}}})")
                   ->initial_events_end);
}

TEST(Metadata, UsingTheValueOfAnErrorIsABrokenInvariant) {
  EXPECT_THROW(static_cast<void>(v1::kServices.decode("{}").value()), std::runtime_error);
}

}  // namespace
}  // namespace ferry::watch::codec
