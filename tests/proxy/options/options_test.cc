#include "proxy/options/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ferry::proxy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Options parse(std::vector<std::string> arguments) { return std::get<Options>(parse_options(std::move(arguments))); }

std::string refusal(std::vector<std::string> arguments) {
  try {
    parse_options(std::move(arguments));
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

boost::asio::ip::tcp::endpoint endpoint(const char* address, std::uint16_t port) {
  return {boost::asio::ip::make_address(address), port};
}

TEST(Options, TheEmptyCommandLineHasKubeProxysDefaults) {
  const Options options = parse({});
  EXPECT_EQ(options.master, "");
  EXPECT_TRUE(options.source_files.empty());
  EXPECT_TRUE(options.service_cidrs.empty());
  EXPECT_EQ(options.api_version, Options::ApiVersion::kAuto);
  EXPECT_EQ(options.healthz_bind_address, endpoint("0.0.0.0", 10256));
  EXPECT_EQ(options.metrics_bind_address, endpoint("127.0.0.1", 10249));
  EXPECT_EQ(options.half_close_timeout, std::chrono::minutes{15});
  EXPECT_EQ(options.udp_idle_timeout, std::chrono::seconds{30});
  EXPECT_EQ(options.shutdown_grace, std::chrono::seconds{30});
  EXPECT_GE(options.workers, 1U);
  EXPECT_EQ(options.verbosity, 2);
  EXPECT_FALSE(options.node_name.empty());
}

TEST(Options, AValueFollowsItsFlagWithOrWithoutAnEqualsSign) {
  EXPECT_EQ(parse({"--workers", "3"}).workers, 3U);
  EXPECT_EQ(parse({"--workers=3"}).workers, 3U);
  EXPECT_EQ(parse({"--v=4"}).verbosity, 4);
  EXPECT_EQ(parse({"-v", "4"}).verbosity, 4);
  EXPECT_EQ(parse({"-v=4"}).verbosity, 4);
}

TEST(Options, TheLastOfARepeatedFlagCounts) { EXPECT_EQ(parse({"--workers=1", "--workers=2"}).workers, 2U); }

TEST(Options, SourceFilesAddUp) {
  EXPECT_EQ(parse({"--source-file", "a.yaml", "--source-file=b.json"}).source_files,
            (std::vector<std::string>{"a.yaml", "b.json"}));
}

TEST(Options, BindAddressesAreReadAsKubeProxyReadsThem) {
  const auto healthz = [](const std::string& value) {
    return parse({"--healthz-bind-address", value}).healthz_bind_address;
  };
  EXPECT_EQ(healthz("127.0.0.1:0"), endpoint("127.0.0.1", 0));
  EXPECT_EQ(healthz("10.0.0.1"), endpoint("10.0.0.1", 10256));
  EXPECT_EQ(healthz("[::1]:80"), endpoint("::1", 80));
  EXPECT_EQ(healthz("[::1]"), endpoint("::1", 10256));
  EXPECT_EQ(healthz("::"), endpoint("::", 10256));
  EXPECT_EQ(healthz(""), std::nullopt);
  EXPECT_EQ(parse({"--metrics-bind-address="}).metrics_bind_address, std::nullopt);
  EXPECT_EQ(parse({"--metrics-bind-address=0.0.0.0"}).metrics_bind_address, endpoint("0.0.0.0", 10249));
}

TEST(Options, ServiceRangesMayBeOfBothFamilies) {
  const auto ranges = parse({"--service-cidr=10.96.0.0/12,fd00:10:96::/108"}).service_cidrs;
  ASSERT_EQ(ranges.size(), 2U);
  EXPECT_EQ(ranges[0].to_string(), "10.96.0.0/12");
  EXPECT_EQ(ranges[1].to_string(), "fd00:10:96::/108");
}

TEST(Options, NodePortsAreServedAtRangesOrAtThePrimaryAddresses) {
  EXPECT_EQ(parse({}).node_port_addresses, NodePortAddresses());
  EXPECT_EQ(parse({"--nodeport-addresses=primary"}).node_port_addresses, (NodePortAddresses{true, {}}));
  EXPECT_EQ(parse({"--nodeport-addresses=localhost,10.0.0.0/8"}).node_port_addresses,
            parse({"--nodeport-addresses=127.0.0.0/8,::1/128,10.0.0.0/8"}).node_port_addresses);
  EXPECT_EQ(parse({"--nodeport-addresses=all"}).node_port_addresses,
            parse({"--nodeport-addresses=0.0.0.0/0,::/0"}).node_port_addresses);
  const NodePortAddresses ranges = parse({"--nodeport-addresses=10.0.0.0/8,fd00::/8"}).node_port_addresses;
  EXPECT_FALSE(ranges.primary);
  EXPECT_EQ(ranges.ranges.size(), 2U);
  EXPECT_THAT(refusal({"--nodeport-addresses=eth0"}), HasSubstr("--nodeport-addresses eth0: 'eth0' is no address"));
  EXPECT_EQ(parse({"--cluster-cidr=10.1.0.0/16"}).cluster_cidrs.at(0).to_string(), "10.1.0.0/16");
}

TEST(Options, SteeringIsOneOfThree) {
  EXPECT_EQ(parse({}).steering, SteeringMode::kAuto);
  EXPECT_EQ(parse({"--steering=off"}).steering, SteeringMode::kOff);
  EXPECT_EQ(parse({"--steering", "require"}).steering, SteeringMode::kRequire);
  EXPECT_EQ(refusal({"--steering=on"}), "--steering on: give auto, off or require");
}

TEST(Options, WithoutFlagsTheSizesOfSteeringAreItsOwn) {
  const Options options = parse({});
  EXPECT_EQ(options.steering_max_service_ports, SteeringOptions{}.most_service_ports);
  EXPECT_EQ(options.steering_max_endpoints, SteeringOptions{}.most_endpoints);
  EXPECT_EQ(options.steering_max_connections, SteeringOptions{}.most_connections);
  EXPECT_EQ(options.steering_max_affinities, SteeringOptions{}.most_affinities);
  EXPECT_THAT(refusal({"--steering-max-endpoints=0"}), HasSubstr("--steering-max-endpoints 0"));
}

TEST(Options, CaptureIsOneOfThree) {
  EXPECT_EQ(parse({}).capture, CaptureMethod::kAuto);
  EXPECT_EQ(parse({"--capture=sk_lookup"}).capture, CaptureMethod::kSkLookup);
  EXPECT_EQ(parse({"--capture", "bind"}).capture, CaptureMethod::kBind);
  EXPECT_EQ(refusal({"--capture=iptables"}), "--capture iptables: give auto, sk_lookup or bind");
}

TEST(Options, TheNodesNameIsInLowerCase) {
  EXPECT_EQ(parse({"--hostname-override=Node-1.Example"}).node_name, "node-1.example");
}

TEST(Options, FlagsOfKubeProxysThatSayNothingHereAreAcceptedAndNamed) {
  EXPECT_TRUE(parse({"--v=2"}).without_effect.empty());
  const Options options = parse({"--iptables-min-sync-period=1s", "--proxy-mode", "iptables", "--masquerade-all",
                                 "--v=4", "--conntrack-max-per-core", "0", "--profiling=false",
                                 "--feature-gates=", "--proxy-mode=ipvs", "--kube-api-qps=5.5", "--workers=2"});
  EXPECT_THAT(options.without_effect,
              ElementsAre("--proxy-mode", "--iptables-min-sync-period", "--masquerade-all", "--conntrack-max-per-core",
                          "--kube-api-qps", "--feature-gates", "--profiling"));
  EXPECT_EQ(options.verbosity, 4);
  EXPECT_EQ(options.workers, 2U);
}

TEST(Options, AFlagThatSaysNothingIsCheckedAsKubeProxyWould) {
  EXPECT_EQ(refusal({"--iptables-sync-period=30"}),
            "--iptables-sync-period 30: give a duration such as 500ms, 30s or 1m30s");
  EXPECT_EQ(refusal({"--kube-api-burst=ten"}), "--kube-api-burst ten: give a number");
  EXPECT_EQ(refusal({"--conntrack-min=1", "--conntrack-min="}), "--conntrack-min '': give a number");
  EXPECT_EQ(refusal({"--masquerade-all=yes"}), "--masquerade-all yes: give true or false");
  EXPECT_EQ(refusal({"--proxy-mode"}), "--proxy-mode needs a value; kube-ferry --help explains it");
  EXPECT_THAT(std::get<TextToPrint>(parse_options({"--help"})).text, Not(HasSubstr("--proxy-mode")));
}

TEST(Options, ThePrimaryAddressAndTheOomScoreHaveKubeProxysDefaults) {
  EXPECT_TRUE(parse({}).bind_address.is_unspecified());
  EXPECT_EQ(parse({"--bind-address=fd00::1"}).bind_address.to_string(), "fd00::1");
  EXPECT_EQ(parse({}).oom_score_adj, -999);
  EXPECT_FALSE(parse({}).oom_score_adj_given);
  EXPECT_FALSE(parse({}).bind_address_hard_fail);
  EXPECT_TRUE(parse({"--bind-address-hard-fail"}).bind_address_hard_fail);
  EXPECT_FALSE(parse({"--bind-address-hard-fail=false"}).bind_address_hard_fail);
  EXPECT_EQ(parse({"--oom-score-adj=0"}).oom_score_adj, 0);
  EXPECT_TRUE(parse({"--oom-score-adj", "-999"}).oom_score_adj_given);
}

TEST(Options, EachWrongValueIsOneSentenceThatNamesTheFlag) {
  const std::string duration = ": not a duration; write a number and a unit, such as 500ms, 30s or 1m30s";
  const std::string range =
      " is no address range; write ADDRESS/LENGTH, such as 10.96.0.0/12 or "
      "10.96.0.0/12,fd00:10:96::/108";
  const std::string name = ": not a node name; use letters, digits, '-' and '.', as kubectl get nodes shows it";
  const std::vector<std::pair<std::vector<std::string>, std::string>> table{
      {{"--workers=0"}, "--workers 0: give a whole number from 1 to 1024"},
      {{"--workers=two"}, "--workers two: give a whole number from 1 to 1024"},
      {{"--workers=-1"}, "--workers -1: give a whole number from 1 to 1024"},
      {{"--workers", "-1"}, "--workers -1: give a whole number from 1 to 1024"},
      {{"--workers=2.5"}, "--workers 2.5: give a whole number from 1 to 1024"},
      {{"--v=11"}, "--v 11: give a whole number from 0 to 10"},
      {{"--v="}, "--v '': give a whole number from 0 to 10"},
      {{"--shutdown-grace=30"}, "--shutdown-grace 30" + duration},
      {{"--half-close-timeout=soon"}, "--half-close-timeout soon" + duration},
      {{"--half-close-timeout=0"}, "--half-close-timeout 0: too short; give at least 1ms"},
      {{"--service-cidr=10.96.0.0"}, "--service-cidr 10.96.0.0: '10.96.0.0'" + range},
      {{"--service-cidr=10.0.0.0/8,x"}, "--service-cidr 10.0.0.0/8,x: 'x'" + range},
      {{"--service-cidr=10.0.0.0/8,"},
       "--service-cidr 10.0.0.0/8,: ends with a comma; another range must follow it, or none"},
      {{"--service-cidr=10.0.0.0/33"}, "--service-cidr 10.0.0.0/33: '10.0.0.0/33'" + range},
      {{"--healthz-bind-address=localhost:80"},
       "--healthz-bind-address localhost:80: 'localhost' is no IP address; write ADDRESS:PORT, such as 0.0.0.0:10256 "
       "or [::]:10256"},
      {{"--metrics-bind-address=127.0.0.1:70000"},
       "--metrics-bind-address 127.0.0.1:70000: '70000' is no port; give one from 0 (any free port) to 65535"},
      {{"--metrics-bind-address=127.0.0.1:"},
       "--metrics-bind-address 127.0.0.1:: '' is no port; give one from 0 (any free port) to 65535"},
      {{"--hostname-override=node_1"}, "--hostname-override node_1" + name},
      {{"--hostname-override=-a"}, "--hostname-override -a" + name},
      {{"--hostname-override=a..b"}, "--hostname-override a..b" + name},
      {{"--hostname-override=a-.b"}, "--hostname-override a-.b" + name},
      {{"--api-version=v2"}, "--api-version v2: give auto, which asks the server, or v1beta1"},
      {{"--bind-address=eth0"},
       "--bind-address eth0: not an IP address; write one such as 10.0.0.1, fd00::1 or 0.0.0.0"},
      {{"--oom-score-adj=-1001"}, "--oom-score-adj -1001: give a whole number from -1000 to 1000"},
      {{"--source-file="}, "--source-file '': give the path of a manifest in YAML or JSON"},
  };
  for (const auto& [arguments, sentence] : table) EXPECT_EQ(refusal(arguments), sentence);
}

TEST(Options, AnUnknownFlagIsNamedWithTheOneProbablyMeant) {
  EXPECT_EQ(refusal({"--worker=2"}), "unknown flag --worker; did you mean --workers?");
  EXPECT_EQ(refusal({"--kube-config", "x"}), "unknown flag --kube-config; did you mean --kubeconfig?");
  EXPECT_EQ(refusal({"--proxy=iptables"}), "unknown flag --proxy; kube-ferry --help lists those there are");
  EXPECT_EQ(refusal({"--proxy-mod=iptables"}), "unknown flag --proxy-mod; kube-ferry --help lists those there are")
      << "a flag that says nothing is not what was meant";
  EXPECT_EQ(refusal({"serve"}),
            "unexpected argument 'serve'; every value belongs to a flag, as kube-ferry --help shows");
}

TEST(Options, AFlagWithoutItsValueIsNamed) {
  EXPECT_EQ(refusal({"--master"}), "--master needs a value; kube-ferry --help explains it");
  EXPECT_EQ(refusal({"--workers=1", "--v"}), "--v needs a value; kube-ferry --help explains it");
}

TEST(Options, HelpNamesEveryFlagWithItsDefaultAndUnits) {
  const std::string text = std::get<TextToPrint>(parse_options({"--help"})).text;
  for (const char* flag :
       {"--master", "--kubeconfig", "--source-file", "--hostname-override", "--service-cidr", "--workers",
        "--healthz-bind-address", "--metrics-bind-address", "--shutdown-grace", "--half-close-timeout", "--api-version",
        "--v", "--version", "default 30s", "default 15m", "0.0.0.0:10256", "127.0.0.1:10249", "Examples:"}) {
    EXPECT_THAT(text, HasSubstr(flag));
  }
}

TEST(Options, HelpFitsATerminal) {
  std::istringstream lines(std::get<TextToPrint>(parse_options({"-h"})).text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 110U) << line;
}

TEST(Options, TheVersionNamesTheCommit) {
  EXPECT_THAT(std::get<TextToPrint>(parse_options({"--version"})).text, HasSubstr("commit "));
}

}  // namespace
}  // namespace ferry::proxy
