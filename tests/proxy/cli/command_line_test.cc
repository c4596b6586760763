#include "proxy/cli/command_line.h"

#include <chrono>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/options/usage_error.h"

namespace ferry::cli {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using Arguments = std::vector<std::string>;

template <class Options>
Options parsed(const Arguments& arguments) {
  return std::get<Options>(parse_command_line(arguments));
}

std::string complaint(const Arguments& arguments) {
  try {
    parse_command_line(arguments);
  } catch (const proxy::UsageError& error) {
    return error.what();
  }
  return "no complaint";
}

TEST(Commands, AreFour) {
  for (const char* const word : {"top", "get", "explain", "set", "upgrade", "probe"}) EXPECT_TRUE(is_command(word));
  for (const char* const word : {"", "--help", "describe", "tops"}) EXPECT_FALSE(is_command(word));
}

TEST(CommandLine, GetKnowsItsResourcesByTheirShortNames) {
  using Resource = GetOptions::Resource;
  for (const char* const word : {"services", "service", "svc"}) {
    EXPECT_EQ(parsed<GetOptions>({"get", word}), GetOptions{});
  }
  EXPECT_EQ(parsed<GetOptions>({"get", "ep"}).resource, Resource::kEndpoints);
  EXPECT_EQ(parsed<GetOptions>({"get", "conn"}).resource, Resource::kConnections);
}

TEST(CommandLine, FlagsMayStandAnywhere) {
  const GetOptions expected{.socket = "/a.sock",
                            .resource = GetOptions::Resource::kServices,
                            .format = GetOptions::Format::kJson,
                            .pattern = "web",
                            .namespace_name = "default",
                            .service = std::nullopt,
                            .sort = SortKey::kP99,
                            .limit = 100};
  EXPECT_EQ(parsed<GetOptions>(
                {"get", "services", "web", "-n", "default", "--sort", "p99", "-o", "json", "--socket", "/a.sock"}),
            expected);
  EXPECT_EQ(
      parsed<GetOptions>({"get", "-ojson", "--socket=/a.sock", "services", "--namespace=default", "web", "--sort=p99"}),
      expected);
}

TEST(CommandLine, ConnectionsMayBeThoseOfOneService) {
  const GetOptions options = parsed<GetOptions>({"get", "connections", "default/web", "--limit", "7"});
  EXPECT_EQ(options.service, (ServiceName{"default", "web"}));
  EXPECT_EQ(options.limit, 7U);
}

TEST(CommandLine, ExplainTakesAPort) {
  EXPECT_EQ(parsed<ExplainOptions>({"explain", "default/web"}),
            (ExplainOptions{.service = {"default", "web"}, .port = ""}));
  EXPECT_EQ(parsed<ExplainOptions>({"explain", "default/web:http"}),
            (ExplainOptions{.service = {"default", "web"}, .port = "http"}));
}

TEST(CommandLine, TopHasDefaults) {
  EXPECT_EQ(parsed<TopOptions>({"top"}), TopOptions{});
  const TopOptions options = parsed<TopOptions>({"top", "--sort=open", "--interval=500ms", "-n", "a", "--batch"});
  EXPECT_EQ(
      options,
      (TopOptions{.mode = TopOptions::Mode::kBatch, .sort = SortKey::kOpen, .interval = 500ms, .namespace_name = "a"}));
  EXPECT_EQ(parsed<TopOptions>({"top", "--once", "--batch"}).mode, TopOptions::Mode::kOnce);
}

TEST(CommandLine, TheEnvironmentMayNameTheSocket) {
  ASSERT_EQ(setenv("KUBE_FERRY_SOCKET", "/env.sock", 1), 0);
  EXPECT_EQ(parsed<TopOptions>({"top"}).socket, "/env.sock");
  EXPECT_EQ(parsed<TopOptions>({"top", "--socket=/flag.sock"}).socket, "/flag.sock");
  ASSERT_EQ(unsetenv("KUBE_FERRY_SOCKET"), 0);
}

TEST(CommandLine, ProbeTakesTheDaemonsOwnFlag) {
  using boost::asio::ip::make_address;
  EXPECT_EQ(parsed<ProbeOptions>({"probe"}), (ProbeOptions{.address = {make_address("127.0.0.1"), 10256}}));
  EXPECT_EQ(parsed<ProbeOptions>({"probe", "healthz", "--healthz-bind-address=[::]:80", "--timeout=500ms"}),
            (ProbeOptions{.address = {make_address("::1"), 80}, .page = "/healthz", .timeout = 500ms}));
  EXPECT_EQ(parsed<ProbeOptions>({"probe", "--healthz-bind-address=10.0.0.1"}).address,
            (boost::asio::ip::tcp::endpoint{make_address("10.0.0.1"), 10256}));
}

TEST(CommandLine, TheEnvironmentMayNameTheHealthAddress) {
  ASSERT_EQ(setenv("KUBE_FERRY_HEALTHZ_BIND_ADDRESS", "127.0.0.1:9", 1), 0);
  EXPECT_EQ(parsed<ProbeOptions>({"probe"}).address.port(), 9);
  EXPECT_EQ(parsed<ProbeOptions>({"probe", "--healthz-bind-address=127.0.0.1:10"}).address.port(), 10);
  ASSERT_EQ(unsetenv("KUBE_FERRY_HEALTHZ_BIND_ADDRESS"), 0);
}

TEST(CommandLine, WhatIsWrongIsOneSentence) {
  const std::vector<std::pair<Arguments, std::string>> table{
      {{"get"}, "get needs to know what; give services, endpoints or connections"},
      {{"get", "servcies"}, "get servcies: did you mean services? There are services, endpoints or connections"},
      {{"get", "pods"}, "get pods: there is no such resource; give services, endpoints or connections"},
      {{"get", "services", "a", "b"},
       "unexpected argument 'b'; get services takes one PATTERN, a part of a name or of an address"},
      {{"get", "endpoints", "web"}, "get endpoints web: not a service; write NAMESPACE/NAME, such as default/web"},
      {{"get", "endpoints", "a/b/c"}, "get endpoints a/b/c: not a service; write NAMESPACE/NAME, such as default/web"},
      {{"get", "endpoints", "/b"}, "get endpoints /b: not a service; write NAMESPACE/NAME, such as default/web"},
      {{"get", "endpoints", "a/b", "c/d"}, "unexpected argument 'c/d'; get endpoints takes one NAMESPACE/NAME"},
      {{"get", "services", "-o", "yaml"}, "-o yaml: give wide or json, or leave it out"},
      {{"get", "services", "--sort", "size"},
       "--sort size: give name, endpoints, ejected, open, connections, failures, bytes, accepted or p99"},
      {{"get", "connections", "--limit", "0"}, "--limit 0: give a whole number from 1 to 1000"},
      {{"get", "connections", "--limit", "1001"}, "--limit 1001: give a whole number from 1 to 1000"},
      {{"get", "connections", "--limit", "5x"}, "--limit 5x: give a whole number from 1 to 1000"},
      {{"get", "services", "--limit", "5"}, "--limit 5: it goes with get connections alone; leave it out"},
      {{"get", "connections", "-n", "a"}, "-n a: it goes with get services and get endpoints alone; leave it out"},
      {{"get", "services", "--ouput", "json"}, "unknown flag --ouput; did you mean --output?"},
      {{"get", "services", "--xyz"}, "unknown flag --xyz; kube-ferry get --help lists those there are"},
      {{"get", "services", "--socket"}, "--socket needs a value; kube-ferry get --help explains it"},
      {{"get", "services", "--socket", ""},
       "--socket '': give the path of kube-ferry's --admin-socket, such as /run/kube-ferry/admin.sock"},
      {{"explain"}, "explain needs a service; write NAMESPACE/NAME, such as default/web"},
      {{"explain", "web"}, "explain web: not a service; write NAMESPACE/NAME, such as default/web"},
      {{"explain", "a/b:"},
       "explain a/b:: no port follows the colon; write one's name or number, or leave out the colon"},
      {{"explain", "a/b", "c/d"}, "unexpected argument 'c/d'; explain takes one NAMESPACE/NAME[:PORT]"},
      {{"explain", "a\x1b[2Jb"}, "explain a\\x1b[2Jb: not a service; write NAMESPACE/NAME, such as default/web"},
      {{"top", "web"}, "unexpected argument 'web'; top takes flags alone, as kube-ferry top --help shows"},
      {{"top", "--interval", "2"}, "--interval 2: not a duration; write a number and a unit, such as 500ms, 2s or 1m"},
      {{"probe", "readyz"}, "probe readyz: there is no such page; give livez or healthz"},
      {{"probe", "livez", "healthz"}, "unexpected argument 'healthz'; probe takes livez or healthz"},
      {{"probe", "--healthz-bind-address", "localhost:80"},
       "--healthz-bind-address localhost:80: 'localhost' is no IP address; write ADDRESS:PORT, such as 0.0.0.0:10256 "
       "or [::]:10256"},
      {{"probe", "--healthz-bind-address", "127.0.0.1:0"},
       "--healthz-bind-address 127.0.0.1:0: give the port that kube-ferry's log tells"},
      {{"probe", "--timeout", "0"}, "--timeout 0: too short; give at least 1ms"},
      {{"probe", "--socket", "/a"}, "unknown flag --socket; kube-ferry probe --help lists those there are"},
      {{"top", "--interval", "10ms"}, "--interval 10ms: too short; give at least 100ms"},
  };
  for (const auto& [arguments, sentence] : table) EXPECT_EQ(complaint(arguments), sentence);
  EXPECT_THAT(complaint({"top", "--socket", std::string(108, 'a')}), HasSubstr("longer than the 107 bytes"));
}

TEST(CommandLine, EachCommandHasItsHelp) {
  EXPECT_THAT(parsed<HelpText>({"get", "--help"}).text, HasSubstr("Usage: kube-ferry get services [PATTERN] [OPTIONS]\n"
                                                                  "       kube-ferry get endpoints"));
  EXPECT_THAT(parsed<HelpText>({"explain", "-h"}).text,
              HasSubstr("Usage: kube-ferry explain NAMESPACE/NAME[:PORT] [OPTIONS]\n"));
  EXPECT_THAT(parsed<HelpText>({"top", "--help"}).text, HasSubstr("--interval DURATION"));
}

TEST(CommandLine, HelpFitsAnOrdinaryTerminal) {
  for (const char* const command : {"get", "explain", "top", "probe"}) {
    std::size_t column = 0;
    for (const char c : parsed<HelpText>({command, "--help"}).text) {
      column = c == '\n' ? 0 : column + 1;
      EXPECT_LE(column, 100U) << command;
    }
  }
}

TEST(CommandLine, SetTakesALogLevel) {
  EXPECT_EQ(parsed<SetOptions>({"set", "log-level", "0"}).log_level, 0);
  EXPECT_EQ(parsed<SetOptions>({"set", "log-level", "10", "--socket=/a"}), (SetOptions{"/a", 10}));
  EXPECT_EQ(complaint({"set"}), "set needs to know what; give log-level and a number from 0 to 10");
  EXPECT_EQ(complaint({"set", "weather", "4"}), "set weather: give log-level, which is what can be set");
  EXPECT_EQ(complaint({"set", "log-level"}), "set log-level needs a number; give one from 0 to 10");
  EXPECT_EQ(complaint({"set", "log-level", "4", "5"}), "unexpected argument '5'; set log-level takes one number");
  for (const char* const word : {"11", "4x", ""}) {
    EXPECT_THAT(complaint({"set", "log-level", word}), HasSubstr("give a whole number from 0 to 10"));
  }
}

TEST(CommandLine, UpgradeTakesHowLongToWait) {
  EXPECT_EQ(parsed<UpgradeOptions>({"upgrade"}).timeout, std::chrono::minutes(2));
  EXPECT_EQ(parsed<UpgradeOptions>({"upgrade", "--timeout", "5s", "--socket=/a"}),
            (UpgradeOptions{"/a", std::chrono::seconds(5)}));
  EXPECT_THAT(complaint({"upgrade", "now"}), HasSubstr("unexpected argument 'now'"));
  EXPECT_THAT(complaint({"upgrade", "--timeout", "soon"}), HasSubstr("--timeout"));
}

}  // namespace
}  // namespace ferry::cli
