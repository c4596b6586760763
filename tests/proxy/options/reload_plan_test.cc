#include "proxy/options/reload_plan.h"

#include <map>
#include <string>
#include <variant>

#include <CLI/CLI.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/options/inert_flags.h"

namespace ferry::proxy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Options options(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "--hostname-override=node-1");
  return std::get<Options>(parse_options(std::move(arguments)));
}

ReloadPlan plan(const std::vector<std::string>& before, const std::vector<std::string>& now) {
  return plan_reload(options(before), options(before), options(now));
}

TEST(ReloadPlan, TheSameOptionsChangeNothing) {
  const ReloadPlan same = plan({"--workers=2"}, {"--workers=2"});
  EXPECT_THAT(same.changed, IsEmpty());
  EXPECT_THAT(same.needs_restart, IsEmpty());
}

TEST(ReloadPlan, WhatCanChangeDoes) {
  const ReloadPlan made =
      plan({}, {"--cluster-cidr=10.244.0.0/16", "--nodeport-addresses=primary", "--half-close-timeout=1m",
                "--udp-idle-timeout=1m", "--dead-peer-timeout=1m", "--max-ejected-endpoints=1", "--shutdown-grace=1m",
                "--show-clients", "--metrics-endpoints=1", "--access-log=/a", "--v=4", "--log-format=json",
                "--oom-score-adj=0", "--bind-address=10.0.0.1", "--proxy-protocol-from=10.9.0.0/16"});
  EXPECT_THAT(made.changed,
              ElementsAre("--cluster-cidr", "--nodeport-addresses", "--proxy-protocol-from", "--bind-address",
                          "--oom-score-adj", "--half-close-timeout", "--udp-idle-timeout", "--dead-peer-timeout",
                          "--max-ejected-endpoints", "--shutdown-grace", "--show-clients", "--metrics-endpoints",
                          "--access-log", "--v", "--log-format"));
  EXPECT_THAT(made.needs_restart, IsEmpty());
  EXPECT_EQ(made.options.half_close_timeout, std::chrono::minutes{1});
  EXPECT_EQ(made.options.log_format, LogFormat::kJson);
}

TEST(ReloadPlan, WhatCannotStaysAndIsNamed) {
  const ReloadPlan made =
      plan({"--kubeconfig=/k", "--workers=2"},
           {"--workers=3", "--master=http://10.0.0.1", "--service-cidr=10.96.0.0/12", "--source-file=/s",
            "--healthz-bind-address=", "--metrics-bind-address=", "--admin-socket=", "--capture=bind", "--steering=off",
            "--steering-cgroup=/c", "--steering-max-endpoints=7", "--api-version=v1beta1", "--bind-address-hard-fail",
            "--takeover-socket=/t", "--after-takeover=wait", "--v=4"});
  EXPECT_THAT(made.needs_restart,
              ElementsAre("--master", "--kubeconfig", "--source-file", "--api-version", "--service-cidr", "--capture",
                          "--steering", "--steering-cgroup", "--steering-max-endpoints", "--workers",
                          "--takeover-socket", "--after-takeover", "--healthz-bind-address", "--metrics-bind-address",
                          "--admin-socket", "--bind-address-hard-fail"));
  EXPECT_THAT(made.changed, ElementsAre("--v"));
  EXPECT_EQ(made.options.workers, 2U);
  EXPECT_EQ(made.options.kubeconfig, "/k");
}

TEST(ReloadPlan, KnowsEveryFlagThatHasAValueInForce) {
  const std::map<std::string, std::string> samples{{"", ""},
                                                   {"URL", "=http://10.0.0.1"},
                                                   {"FILE", "=/f"},
                                                   {"PATH", "=/p"},
                                                   {"NAME", "=other"},
                                                   {"CIDR[,CIDR]", "=10.0.0.0/8"},
                                                   {"IP", "=10.0.0.1"},
                                                   {"IP:PORT", "=10.0.0.1:1"},
                                                   {"N", "=7"},
                                                   {"PERCENT", "=7"},
                                                   {"DURATION", "=7s"},
                                                   {"LEVEL", "=7"}};
  show_flags([&samples](const CLI::App& app) {
    for (const CLI::Option* const option : app.get_options()) {
      const std::string flag = "--" + option->get_lnames().front();
      // The file is read again; which one it is stands on the command line, that of a process that runs.
      if (option->get_group() == kInertGroup || option->get_group() == "Others" || flag == "--config") continue;
      const std::string values = option->get_option_text();
      const auto bar = values.rfind('|');
      const std::string value = bar == std::string::npos ? samples.at(values) : "=" + values.substr(bar + 1);
      const ReloadPlan made = plan({"--workers=2"}, {"--workers=2", flag + value});
      EXPECT_EQ(made.changed.size() + made.needs_restart.size(), 1U) << flag << value;
    }
  });
}

TEST(ReloadPlan, AnotherKubeconfigInThePlaceOfOneIsTaken) {
  EXPECT_THAT(plan({"--kubeconfig=/a"}, {"--kubeconfig=/b"}).changed, ElementsAre("--kubeconfig"));
}

TEST(ReloadPlan, AVerbositySetOtherwiseHoldsUntilAnotherIsRead) {
  const Options read = options({"--v=2"});
  Options in_force = read;
  in_force.verbosity = 6;
  EXPECT_EQ(plan_reload(in_force, read, options({"--v=2", "--show-clients"})).options.verbosity, 6);
  EXPECT_EQ(plan_reload(in_force, read, options({"--v=3"})).options.verbosity, 3);
}

}  // namespace
}  // namespace ferry::proxy
