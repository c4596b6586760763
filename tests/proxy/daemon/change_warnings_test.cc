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

TEST(ChangeWarnings, NoChangeIsNoWarning) { EXPECT_THAT(warnings_about({}).lines, IsEmpty()); }

TEST(ChangeWarnings, NewSctpPortsAreNamedInOneLine) {
  const auto sctp = config::Protocol::kSctp;
  EXPECT_THAT(
      warnings_about({change("a", config::Protocol::kTcp, nullptr, info(0)), change("b", sctp, nullptr, info(0))})
          .lines,
      ElementsAre("ns/b:p/SCTP: not served, for SCTP is not carried"));
  EXPECT_THAT(warnings_about({change("a", sctp, nullptr, info(0)), change("b", sctp, nullptr, info(0)),
                              change("c", sctp, nullptr, info(0))})
                  .lines,
              ElementsAre("ns/a:p/SCTP and 2 more: not served, for SCTP is not carried"));
  EXPECT_THAT(warnings_about({change("a", sctp, info(0), info(0)), change("b", sctp, info(0), nullptr)}).lines,
              IsEmpty());
}

TEST(ChangeWarnings, RefusedEndpointsAreToldWhenThereAreMore) {
  const auto tcp = config::Protocol::kTcp;
  const std::string rest = " endpoints are refused: they are loopback, link-local or service addresses";
  EXPECT_THAT(warnings_about({change("a", tcp, nullptr, info(2)), change("b", tcp, info(1), info(3))}).lines,
              ElementsAre("ns/a:p/TCP: 2" + rest, "ns/b:p/TCP: 3" + rest));
  EXPECT_THAT(warnings_about({change("a", tcp, info(2), info(2)), change("b", tcp, info(3), info(1)),
                              change("c", tcp, info(3), nullptr)})
                  .lines,
              IsEmpty());
}

TEST(ChangeWarnings, AWrongAnnotationIsToldOnceForItsService) {
  const auto annotated = [](const std::string& name, const std::string& value) {
    auto made = std::make_shared<ServicePortInfo>();
    made->annotations[name] = value;
    return made;
  };
  const auto tcp = config::Protocol::kTcp;
  const auto udp = config::Protocol::kUdp;
  const auto wrong = annotated("load-balancing", "fastest");
  const ChangeWarnings first = warnings_about({change("a", tcp, nullptr, wrong), change("a", udp, nullptr, wrong)});
  EXPECT_THAT(first.lines, ElementsAre("ns/a: annotation kube-ferry.io/load-balancing: 'fastest': write round-robin, "
                                       "least-connections, peak-ewma, maglev or random; round-robin is in force"));
  EXPECT_EQ(first.wrong_annotations, 1U);
  const ChangeWarnings later =
      warnings_about({change("a", tcp, wrong, annotated("load-balancing", "fastest")),
                      change("b", tcp, nullptr, annotated("proxy-protocol", "v2")), change("c", tcp, wrong, nullptr)});
  EXPECT_THAT(later.lines, IsEmpty());
  EXPECT_EQ(later.wrong_annotations, 0U);
}

TEST(ChangeWarnings, WhatAnAnnotationSaysCannotBreakTheLog) {
  auto made = std::make_shared<ServicePortInfo>();
  made->annotations["max\n"] = std::string(100, 'x') + "\x1b[2J";
  EXPECT_THAT(warnings_about({change("a", config::Protocol::kTcp, nullptr, made)}).lines,
              ElementsAre("ns/a: annotation kube-ferry.io/max?: '" + std::string(64, 'x') +
                          "...': there is no such annotation"));
}

}  // namespace
}  // namespace ferry::proxy
