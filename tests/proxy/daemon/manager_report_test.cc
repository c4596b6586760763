#include "proxy/daemon/manager_report.h"

#include <string>

#include <gtest/gtest.h>

namespace ferry::proxy {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr ManagerReport::Time kStart{};
constexpr std::chrono::microseconds kWatchdog = seconds{40};

const Standing kServing{
    .in_force = true, .moving = true, .services = 3, .service_ports = 4, .connections = 1, .unserved = 0};

/// Tells a manager that hears.
std::string told(ManagerReport& report, const Standing& standing, ManagerReport::Time now = kStart) {
  std::string state = report.next(standing, now);
  report.heard();
  return state;
}

watch::ReflectorStatus resource(const std::string& name, bool synced, const std::string& error) {
  watch::ReflectorStatus status;
  status.resource = name;
  status.synced = synced;
  status.last_error = error;
  return status;
}

TEST(ManagerReport, IsReadyOnceTheFirstStateIsInForce) {
  ManagerReport report(std::nullopt);
  EXPECT_EQ(told(report, {}), "STATUS=reading the first state");
  EXPECT_EQ(told(report, kServing), "READY=1\nSTATUS=serving 3 services, 4 ports, 1 open connection");
  EXPECT_EQ(told(report, kServing, kStart + seconds{60}), "");
}

TEST(ManagerReport, IsReadyWhenTheApiServerDoesNotAnswerAndSaysWhatItWaitsFor) {
  ManagerReport report(std::nullopt);
  Standing standing;
  add_trouble(standing, {resource("services", false, "connection refused"), resource("endpoints", false, "")},
              "http://127.0.0.1:1");
  EXPECT_EQ(told(report, standing),
            "READY=1\nSTATUS=waiting for the first state: services of http://127.0.0.1:1: connection refused");
  EXPECT_EQ(told(report, kServing), "STATUS=serving 3 services, 4 ports, 1 open connection");
}

TEST(ManagerReport, ANodeThatMayNotBeReadHoldsNothingUp) {
  Standing standing;
  add_trouble(
      standing,
      {resource("services", false, ""), resource("endpoints", false, ""), resource("nodes", false, "403 Forbidden")},
      "https://api:6443");
  EXPECT_FALSE(standing.held_up);
  EXPECT_EQ(standing.trouble, "nodes of https://api:6443: 403 Forbidden");
}

TEST(ManagerReport, TellsTroubleAtOnceAndNumbersNowAndThen) {
  ManagerReport report(std::nullopt);
  told(report, kServing);
  Standing now = kServing;
  now.connections = 2;
  EXPECT_EQ(told(report, now, kStart + seconds{9}), "");
  EXPECT_EQ(told(report, now, kStart + seconds{10}), "STATUS=serving 3 services, 4 ports, 2 open connections");
  now.trouble = "services of https://api:6443: connection refused";
  now.unserved = 1;
  EXPECT_EQ(
      told(report, now, kStart + seconds{11}),
      "STATUS=serving 3 services, 4 ports, 2 open connections; without a listener: 1 address; what was last known "
      "serves: services of https://api:6443: connection refused");
}

TEST(ManagerReport, WhatAServerSaysStaysInTheStatus) {
  ManagerReport report(std::nullopt);
  Standing standing = kServing;
  standing.trouble = "services: no\nWATCHDOG=1\nMAINPID=1 \xff" + std::string(1000, 'x');
  const std::string state = told(report, standing);
  EXPECT_EQ(state.substr(0, state.find("STATUS")), "READY=1\n");
  EXPECT_EQ(state.find('\n', state.find("STATUS")), std::string::npos) << state;
  EXPECT_LT(state.size(), 400U);
  EXPECT_NE(state.find("no?WATCHDOG=1?MAINPID=1 ?xxx"), std::string::npos) << state;
}

TEST(ManagerReport, FeedsTheWatchdogFourTimesInItsInterval) {
  ManagerReport report(kWatchdog);
  EXPECT_EQ(report.pace(), kWatchdog / 4);
  told(report, kServing);
  EXPECT_EQ(told(report, kServing, kStart + milliseconds{9999}), "");
  EXPECT_EQ(told(report, kServing, kStart + seconds{10}), "WATCHDOG=1");
  EXPECT_EQ(told(report, kServing, kStart + seconds{19}), "");
  EXPECT_EQ(told(report, kServing, kStart + seconds{20}), "WATCHDOG=1");
}

TEST(ManagerReport, FeedsTheWatchdogBeforeThereIsAnythingToServe) {
  ManagerReport report(kWatchdog);
  EXPECT_EQ(told(report, {.moving = true}), "STATUS=reading the first state\nWATCHDOG=1");
}

TEST(ManagerReport, LetsTheWatchdogStarveWhileNothingMoves) {
  ManagerReport report(kWatchdog);
  told(report, kServing);
  Standing stuck = kServing;
  stuck.moving = false;
  EXPECT_EQ(told(report, stuck, kStart + seconds{30}), "");
  EXPECT_EQ(told(report, kServing, kStart + seconds{31}), "WATCHDOG=1");
}

TEST(ManagerReport, SaysAgainWhatWasNotHeard) {
  ManagerReport report(kWatchdog);
  const std::string all = "READY=1\nSTATUS=serving 3 services, 4 ports, 1 open connection\nWATCHDOG=1";
  EXPECT_EQ(report.next(kServing, kStart), all);
  EXPECT_EQ(report.next(kServing, kStart + seconds{1}), all);
  report.heard();
  EXPECT_EQ(report.next(kServing, kStart + seconds{2}), "");
}

TEST(ManagerReport, TheEndAsksForTheTimeItTakesAndOnlyTheWatchdogHearsMore) {
  ManagerReport report(kWatchdog);
  told(report, kServing);
  EXPECT_EQ(report.stopping(2, seconds{30}),
            "STOPPING=1\nSTATUS=taking no new connections; 2 open connections have to end within 30s\n"
            "EXTEND_TIMEOUT_USEC=45000000");
  EXPECT_EQ(told(report, {.moving = true}, kStart + seconds{20}), "WATCHDOG=1");
}

}  // namespace
}  // namespace ferry::proxy
