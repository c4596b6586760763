#include "proxy/daemon/change_warnings.h"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ferry::proxy {
namespace {

using config::ServicePortChange;
using config::ServicePortInfo;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::shared_ptr<const ServicePortInfo> info(std::uint32_t refused_endpoints) {
  auto made = std::make_shared<ServicePortInfo>();
  made->refused_endpoints = refused_endpoints;
  return made;
}

ServicePortChange change(const std::string& service, config::Protocol protocol,
                         std::shared_ptr<const ServicePortInfo> before, std::shared_ptr<const ServicePortInfo> after) {
  return {.name = {{"ns", service}, "p", protocol}, .before = std::move(before), .after = std::move(after)};
}

TEST(ChangeWarnings, NoChangeIsNoWarning) { EXPECT_THAT(warnings_about({}), IsEmpty()); }

TEST(ChangeWarnings, NewSctpPortsAreNamedInOneLine) {
  const auto sctp = config::Protocol::kSctp;
  EXPECT_THAT(
      warnings_about({change("a", config::Protocol::kTcp, nullptr, info(0)), change("b", sctp, nullptr, info(0))}),
      ElementsAre("ns/b:p/SCTP: not served, for SCTP is not carried"));
  EXPECT_THAT(warnings_about({change("a", sctp, nullptr, info(0)), change("b", sctp, nullptr, info(0)),
                              change("c", sctp, nullptr, info(0))}),
              ElementsAre("ns/a:p/SCTP and 2 more: not served, for SCTP is not carried"));
  EXPECT_THAT(warnings_about({change("a", sctp, info(0), info(0)), change("b", sctp, info(0), nullptr)}), IsEmpty());
}

TEST(ChangeWarnings, RefusedEndpointsAreToldWhenThereAreMore) {
  const auto tcp = config::Protocol::kTcp;
  const std::string rest = " endpoints are refused: they are loopback, link-local or service addresses";
  EXPECT_THAT(warnings_about({change("a", tcp, nullptr, info(2)), change("b", tcp, info(1), info(3))}),
              ElementsAre("ns/a:p/TCP: 2" + rest, "ns/b:p/TCP: 3" + rest));
  EXPECT_THAT(warnings_about({change("a", tcp, info(2), info(2)), change("b", tcp, info(3), info(1)),
                              change("c", tcp, info(3), nullptr)}),
              IsEmpty());
}

TEST(ChangeWarnings, AnnotationsThatAreNotUnderstoodAreToldOnce) {
  const auto annotated = [](const std::string& name, const std::string& value) {
    auto made = std::make_shared<ServicePortInfo>();
    made->annotations[name] = value;
    return made;
  };
  const auto tcp = config::Protocol::kTcp;
  const auto udp = config::Protocol::kUdp;
  EXPECT_THAT(
      warnings_about({change("a", tcp, nullptr, annotated("proxy-protocol", "v1"))}),
      ElementsAre("ns/a:p/TCP: what the annotation kube-ferry.io/proxy-protocol says is not understood; write v2"));
  EXPECT_THAT(warnings_about({change("a", udp, nullptr, annotated("udp-responses", "one"))}),
              ElementsAre("ns/a:p/UDP: what the annotation kube-ferry.io/udp-responses says is not understood; write "
                          "the number of datagrams that answer one"));
  EXPECT_THAT(warnings_about({change("a", tcp, annotated("proxy-protocol", "v1"), annotated("proxy-protocol", "v1")),
                              change("b", tcp, nullptr, annotated("proxy-protocol", "v2")),
                              change("c", udp, nullptr, annotated("proxy-protocol", "v1")),
                              change("d", udp, nullptr, annotated("udp-responses", "3"))}),
              IsEmpty());
}

}  // namespace
}  // namespace ferry::proxy
