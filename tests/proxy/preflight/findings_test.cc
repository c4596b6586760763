#include <cerrno>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <nlohmann/json.hpp>

#include "proxy/preflight/address_findings.h"
#include "proxy/preflight/api_findings.h"
#include "proxy/preflight/finding.h"
#include "proxy/preflight/host_findings.h"
#include "proxy/preflight/range_findings.h"
#include "proxy/preflight/steering_findings.h"

namespace ferry::proxy {

void PrintTo(const Finding& finding, std::ostream* out) {
  *out << static_cast<int>(finding.level) << " " << finding.about << ": " << finding.found << " -> " << finding.remedy;
}

namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Level = Finding::Level;

/// A finding of this level whose sentence holds the part; what is not well has a remedy.
auto finding(Level level, const std::string& part) {
  return AllOf(Field("level", &Finding::level, level), Field("found", &Finding::found, HasSubstr(part)),
               Field("remedy", &Finding::remedy,
                     level == Level::kOk ? SizeIs(0) : ::testing::Matcher<std::string>(::testing::Not(IsEmpty()))));
}
auto good(const std::string& part) { return finding(Level::kOk, part); }
auto warned(const std::string& part) { return finding(Level::kWarning, part); }
auto bad(const std::string& part) { return finding(Level::kError, part); }

config::IpPrefix range(const char* text) { return *config::IpPrefix::parse(text); }
config::IpAddress address(const char* text) { return *config::IpAddress::parse(text); }

TEST(Findings, AreAParagraphEachForPeople) {
  const Findings findings{ok("node", "the cluster has a node a"),
                          error("service ranges",
                                "10.0.0.1, an address of this host, is inside 10.0.0.0/8, which is "
                                "a sentence longer than one line of a hundred columns",
                                "give another")};
  EXPECT_EQ(to_text(findings),
            "ok       node            the cluster has a node a\n"
            "error    service ranges  10.0.0.1, an address of this host, is inside 10.0.0.0/8, which is a\n"
            "                         sentence longer than one line of a hundred columns\n"
            "                         -> give another\n"
            "\n"
            "1 error, 0 warnings, 1 ok\n");
  EXPECT_TRUE(has_errors(findings));
  EXPECT_FALSE(has_errors({warning("a", "b", "c")}));
  EXPECT_FALSE(has_errors({}));
}

TEST(Findings, AreJsonForPrograms) {
  const auto json = nlohmann::json::parse(to_json({warning("node", "none \xff", "name it")}));
  EXPECT_EQ(json["errors"], 0);
  EXPECT_EQ(json["warnings"], 1);
  EXPECT_EQ(json["findings"][0]["level"], "warning");
  EXPECT_EQ(json["findings"][0]["check"], "node");
  EXPECT_EQ(json["findings"][0]["remedy"], "name it");
}

ApiReport good_report() {
  ApiReport report;
  report.server = "https://10.0.0.10:6443";
  report.version = "v1.36.4";
  report.time = std::chrono::milliseconds(12);
  for (const char* verb : {"list", "watch"}) {
    report.rights.push_back({verb, "services", true, true});
    report.rights.push_back({verb, "nodes", true, false});
  }
  report.node_name = "a";
  report.has_node = true;
  return report;
}

TEST(ApiFindings, AServerThatAnswersIsWell) {
  EXPECT_THAT(check_api(good_report()),
              ElementsAre(good("https://10.0.0.10:6443 answered within 12 ms and is v1.36.4"),
                          good("it may list and watch services, nodes"), good("the cluster has a node a")));
}

TEST(ApiFindings, OneThatCannotBeReachedIsAllThatIsSaid) {
  using Kind = ApiReport::Failure::Kind;
  for (const Kind kind : {Kind::kUnknownName, Kind::kRefused, Kind::kTimeout, Kind::kCertificate, Kind::kTls,
                          Kind::kUnauthorized, Kind::kOther}) {
    ApiReport report = good_report();
    report.failure = ApiReport::Failure{kind, "this went wrong"};
    EXPECT_THAT(check_api(report), ElementsAre(bad("https://10.0.0.10:6443: this went wrong")));
  }
}

TEST(ApiFindings, ASlowServerIsAWarning) {
  ApiReport report = good_report();
  report.time = std::chrono::seconds(2);
  EXPECT_THAT(check_api(report)[0], warned("within 2000 ms"));
}

TEST(ApiFindings, WhatIsDeniedIsNamedAndCountsByWhetherItIsNeeded) {
  ApiReport report = good_report();
  report.rights[0].allowed = false;
  report.rights[3].allowed = false;
  EXPECT_THAT(check_api(report), ElementsAre(good("answered"), bad("it may not list services"),
                                             warned("it may not watch nodes"), good("node a")));
}

TEST(ApiFindings, AServerThatDoesNotTellOfRightsOrNodesLeavesThemOpen) {
  ApiReport report = good_report();
  for (auto& right : report.rights) right.allowed.reset();
  report.has_node.reset();
  EXPECT_THAT(check_api(report), ElementsAre(good("answered"), warned("does not tell what it may do"),
                                             warned("a node a could not be asked")));
}

TEST(ApiFindings, ANodeThatIsNotThereIsAnError) {
  ApiReport report = good_report();
  report.has_node = false;
  EXPECT_THAT(check_api(report)[2], bad("the cluster has no node a"));
}

RangeFacts good_ranges() {
  RangeFacts facts;
  facts.source = RangeFacts::Source::kFlag;
  facts.ranges = {range("10.96.0.0/16")};
  facts.host_addresses = {address("127.0.0.1"), address("192.168.0.5")};
  facts.pods = {range("10.244.0.0/24")};
  facts.routes = {{range("10.0.0.0/8"), "eth0", false}, {range("192.168.0.5/32"), "eth0", true}};
  facts.kubernetes = {address("10.96.0.1")};
  facts.net_admin = true;
  return facts;
}

TEST(RangeFindings, TheClustersOwnAreWell) {
  EXPECT_THAT(check_ranges(good_ranges()),
              ElementsAre(good("service addresses come from 10.96.0.0/16, as --service-cidr says")));
  RangeFacts facts = good_ranges();
  facts.source = RangeFacts::Source::kApiServer;
  EXPECT_THAT(check_ranges(facts), ElementsAre(good("as the API server says")));
}

TEST(RangeFindings, UnknownOnesAreAWarning) {
  EXPECT_THAT(check_ranges({}), ElementsAre(warned("nothing tells where service addresses come from")));
}

TEST(RangeFindings, WhatElseIsInsideIsAnErrorEach) {
  RangeFacts facts = good_ranges();
  facts.host_addresses.push_back(address("10.96.3.4"));
  facts.pods = {range("10.96.128.0/24")};
  facts.routes.push_back({range("10.96.64.0/24"), "cni0", false});
  EXPECT_THAT(check_ranges(facts), ElementsAre(bad("10.96.3.4, an address of this host, is inside"),
                                               bad("overlaps the pods' 10.96.128.0/24"),
                                               bad("the route 10.96.64.0/24 dev cni0 lies inside")));
  facts.host_addresses.push_back(address("10.96.3.5"));
  EXPECT_THAT(check_ranges(facts)[0], bad("2 addresses of this host, 10.96.3.4 among them, are inside"));
}

TEST(RangeFindings, PodsAroundARangeOverlapItToo) {
  RangeFacts facts = good_ranges();
  facts.pods = {range("10.0.0.0/8")};
  EXPECT_THAT(check_ranges(facts), ElementsAre(bad("overlaps the pods' 10.0.0.0/8")));
}

TEST(RangeFindings, TheApisOwnServiceMustBeInside) {
  RangeFacts facts = good_ranges();
  facts.kubernetes = {address("10.97.0.1"), address("fd00::1")};
  EXPECT_THAT(check_ranges(facts), ElementsAre(bad("the kubernetes Service has 10.97.0.1, outside of 10.96.0.0/16"),
                                               warned("has fd00::1, and no IPv6 range is given")));
}

TEST(RangeFindings, WithoutPrivilegeARangeMustBeLocalAlready) {
  RangeFacts facts = good_ranges();
  facts.net_admin = false;
  EXPECT_THAT(check_ranges(facts), ElementsAre(bad("10.96.0.0/16 cannot be made local to this host")));
  facts.routes.push_back({range("10.96.0.0/12"), "lo", true});
  EXPECT_THAT(check_ranges(facts), ElementsAre(good("10.96.0.0/16")));
}

TEST(RangeFindings, LoopbackServesThisHostAlone) {
  RangeFacts facts = good_ranges();
  facts.ranges = {range("127.96.0.0/16")};
  facts.kubernetes.clear();
  facts.net_admin = false;
  EXPECT_THAT(check_ranges(facts), ElementsAre(warned("127.96.0.0/16 is loopback")));
}

TEST(KubeProxyFindings, ARunningOneAndItsRulesAreErrors) {
  EXPECT_THAT(check_kube_proxy({}), ElementsAre(good("none runs here")));
  EXPECT_THAT(check_kube_proxy({{{12, "kube-proxy"}}, {"table kube-proxy of nftables (IPv4)"}, 0}),
              ElementsAre(bad("kube-proxy runs on this node (pid 12)"), bad("table kube-proxy of nftables (IPv4)")));
}

TEST(KubeProxyFindings, WhatCouldNotBeLookedAtIsSaid) {
  EXPECT_THAT(check_kube_proxy({{}, {}, EPERM}),
              ElementsAre(warned("could not be looked at: Operation not permitted")));
}

AddressAttempt attempt(int error, std::optional<Process> holder = std::nullopt) {
  return {"--healthz-bind-address", {boost::asio::ip::make_address("0.0.0.0"), 10256}, error, std::move(holder)};
}

TEST(AddressFindings, SayWhoHasAPort) {
  EXPECT_THAT(check_address(attempt(0)), good("--healthz-bind-address 0.0.0.0:10256 is free"));
  EXPECT_THAT(check_address(attempt(EADDRINUSE, Process{7, "kube-proxy"})), bad("is taken, by kube-proxy (pid 7)"));
  EXPECT_THAT(check_address(attempt(EADDRINUSE, Process{7, "kube-ferry"})), warned("is taken, by kube-ferry (pid 7)"));
  EXPECT_THAT(check_address(attempt(EADDRINUSE)), bad("by a process that cannot be seen from here"));
  EXPECT_THAT(check_address(attempt(EADDRNOTAVAIL)), bad("no address of this host"));
  EXPECT_THAT(check_address(attempt(EACCES)), bad("may not have"));
}

TEST(SocketFindings, TheDefaultIsMissedAndOneThatWasAskedForNeeded) {
  EXPECT_THAT(check_socket({"/run/a.sock", true, 0, false}), good("/run/a.sock can be made"));
  EXPECT_THAT(check_socket({"/run/a.sock", true, EACCES, false}), bad("--admin-socket /run/a.sock: Permission denied"));
  EXPECT_THAT(check_socket({"/run/a.sock", false, EACCES, false}), warned("would have nobody to ask"));
  EXPECT_THAT(check_socket({"/run/a.sock", true, 0, true}), warned("a kube-ferry answers at /run/a.sock already"));
}

KernelFacts good_kernel() {
  KernelFacts facts;
  facts.release = "6.1.0-18-amd64";
  facts.capabilities = std::uint64_t{1} << CAP_NET_BIND_SERVICE;
  facts.local_ports = {32768, 60999};
  facts.port_reuse = "2";
  facts.port_reuse_writable = true;
  return facts;
}

TEST(KernelFindings, ARecentKernelIsWell) {
  EXPECT_THAT(check_kernel(good_kernel(), {}),
              ElementsAre(good("Linux 6.1.0-18-amd64"), good("captured by sk_lookup"), good("28232 for connections")));
}

TEST(KernelFindings, OldKernelsAreRefused) {
  KernelFacts facts = good_kernel();
  facts.release = "4.9.0";
  EXPECT_THAT(check_kernel(facts, {})[0], bad("Linux 4.9.0 is older than 4.17"));
  facts.release = "unknown";
  EXPECT_THAT(check_kernel(facts, {})[0], bad("unknown"));
  facts.release = "5.10.0";
  facts.splice = false;
  EXPECT_THAT(check_kernel(facts, {})[0], warned("splice(2) is denied"));
}

TEST(KernelFindings, WithoutSkLookupItDependsOnWhatWasAskedFor) {
  KernelFacts facts = good_kernel();
  facts.no_sk_lookup = "Operation not permitted";
  EXPECT_THAT(check_kernel(facts, {})[1], warned("sk_lookup cannot be had: Operation not permitted"));
  EXPECT_THAT(check_kernel(facts, {CaptureMethod::kSkLookup, {}})[1], bad("--capture sk_lookup: Operation not"));
  EXPECT_THAT(check_kernel(facts, {CaptureMethod::kBind, {}})[1], good("as --capture says"));
}

TEST(KernelFindings, BindingToLowPortsTakesACapability) {
  KernelFacts facts = good_kernel();
  facts.capabilities = 0;
  EXPECT_THAT(check_kernel(facts, {CaptureMethod::kBind, {range("10.96.0.0/16")}}),
              ::testing::Contains(bad("services at ports below 1024 cannot be bound to")));
  EXPECT_THAT(check_kernel(facts, {CaptureMethod::kBind, {range("127.96.0.0/16")}}),
              ::testing::Contains(warned("services at ports below 1024")));
  facts.first_free_port = 0;
  EXPECT_THAT(check_kernel(facts, {CaptureMethod::kBind, {range("10.96.0.0/16")}}), Each(good("")));
}

TEST(KernelFindings, AnIpv6RangeNeedsIpv6) {
  KernelFacts facts = good_kernel();
  facts.ipv6 = false;
  EXPECT_THAT(check_kernel(facts, {CaptureMethod::kAuto, {range("fd00:10::/108"), range("10.96.0.0/16")}}),
              ::testing::Contains(bad("IPv6 is off, and fd00:10::/108 is a service range")));
  EXPECT_THAT(check_kernel(facts, {CaptureMethod::kAuto, {range("10.96.0.0/16")}}), Each(good("")));
}

TEST(KernelFindings, FewLocalPortsAndPortsThatAreNotReusedAreWarnings) {
  KernelFacts facts = good_kernel();
  facts.local_ports = {50000, 50999};
  facts.port_reuse_writable = false;
  EXPECT_THAT(check_kernel(facts, {}), ElementsAre(good("Linux"), good("sk_lookup"), warned("leaves 1000 ports"),
                                                   warned("net.ipv4.tcp_tw_reuse is 2 and cannot be set")));
}

TEST(SteeringFindings, SayWhatIsSteeredAndWhereItIsPinned) {
  const SteeringFacts facts{.cgroup = "/sys/fs/cgroup", .pin_folder = "/sys/fs/bpf/kube-ferry"};
  EXPECT_THAT(check_steering(facts), ElementsAre(good("/sys/fs/cgroup can be steered at connect(2), and pinned in /sys/"
                                                      "fs/bpf/kube-ferry")));
  EXPECT_THAT(check_steering({.cgroup = "/sys/fs/cgroup"}), ElementsAre(warned("no BPF file system is mounted")));
  EXPECT_THAT(check_steering({.mode = SteeringMode::kOff}), ElementsAre(good("off")));
  EXPECT_THAT(check_steering({.trial = true}), ElementsAre(good("loopback's")));
}

TEST(SteeringFindings, WhatCannotBeHadIsAmissWhereItIsRequired) {
  const auto both = [](SteeringFacts facts, const std::string& part) {
    facts.mode = SteeringMode::kAuto;
    EXPECT_THAT(check_steering(facts), ElementsAre(warned("the relay will carry every connection: " + part)));
    facts.mode = SteeringMode::kRequire;
    EXPECT_THAT(check_steering(facts), ElementsAre(bad("--steering require: " + part)));
  };
  both({.built = false}, "this kube-ferry was built without steering");
  both({}, "the root of the hierarchy of cgroup v2 is mounted nowhere in sight");
  both({.cgroup = "/sys/fs/cgroup", .refused = "Operation not permitted"}, "Operation not permitted");
}

TEST(LimitFindings, TellWhatDescriptorsAreEnoughFor) {
  EXPECT_THAT(check_limits({1048576, std::nullopt}),
              ElementsAre(good("RLIMIT_NOFILE allows 1048576: enough for about 524160 connections at a time")));
  EXPECT_THAT(check_limits({4096, std::nullopt}), ElementsAre(warned("about 1920 connections")));
  EXPECT_THAT(check_limits({200, std::nullopt}), ElementsAre(bad("about 0 connections")));
}

TEST(LimitFindings, TellHowMuchMemoryIsLeft) {
  constexpr std::uint64_t kMebibyte = 1 << 20;
  EXPECT_THAT(check_limits({1048576, 512 * kMebibyte})[1], good("512 MiB are left"));
  EXPECT_THAT(check_limits({1048576, 40 * kMebibyte})[1], warned("40 MiB are left, and 10,000 services"));
  EXPECT_THAT(check_limits({1048576, 8 * kMebibyte})[1], bad("8 MiB are left"));
}

}  // namespace
}  // namespace ferry::proxy
