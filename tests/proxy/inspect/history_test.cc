#include <gtest/gtest.h>

#include "proxy/inspect/history_book.h"
#include "proxy/inspect/json_parts.h"
#include "tests/proxy/inspect/served.h"

namespace ferry::proxy {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::endpoint;
using testing::Served;

TEST(HistoryTest, WithoutSamplesThereIsNothing) {
  const History history;
  EXPECT_EQ(history.size(), 0U);
  EXPECT_EQ(history.last().connections, 0);
  EXPECT_EQ(history.connect_ms(0.5), std::nullopt);
}

TEST(HistoryTest, TheFirstStateIsWhereRatesBegin) {
  History history;
  history.add({.accepted = 1000, .bytes_to_client = 5000}, {}, seconds{5});
  EXPECT_EQ(history.size(), 0U);
  history.add({.accepted = 1010, .open = 3, .failed = 5, .bytes_to_client = 6000}, {}, seconds{5});
  ASSERT_EQ(history.size(), 1U);
  EXPECT_EQ(history.last().connections, 2);
  EXPECT_EQ(history.last().failures, 1);
  EXPECT_EQ(history.last().open, 3U);
  EXPECT_EQ(history.last().bytes_to_client, 200);
  EXPECT_LT(history.last().connect_p99_ms, 0);
}

TEST(HistoryTest, KeepsTheLastMinutesOldestFirst) {
  History history;
  ConnectionCounters counters;
  history.add(counters, {}, seconds{1});
  for (std::uint64_t sample = 1; sample <= History::kSamples + 10; ++sample) {
    counters.accepted += sample;
    history.add(counters, {}, seconds{1});
  }
  EXPECT_EQ(history.size(), History::kSamples);
  EXPECT_EQ(history.at(0).connections, 11);
  EXPECT_EQ(history.last().connections, History::kSamples + 10);
}

TEST(HistoryTest, ConnectTimesAreThoseOfTheLastMinute) {
  History history;
  ConnectTimes times;
  history.add({}, times.counts(), seconds{5});
  times.add(milliseconds{3});
  history.add({}, times.counts(), seconds{5});
  EXPECT_GT(history.last().connect_p99_ms, 2);
  EXPECT_GT(history.connect_ms(0.5).value(), 2);
  for (std::size_t quiet = 0; quiet < History::kConnectSamples; ++quiet) history.add({}, times.counts(), seconds{5});
  EXPECT_EQ(history.connect_ms(0.5), std::nullopt);
}

TEST(HistoryBookTest, AServicePortHasAHistoryFromItsFirstConnectionToItsEnd) {
  HistoryBook book;
  Served web("web", {endpoint("10.0.0.1")});
  book.add({web.shown()}, {}, {}, seconds{5});
  EXPECT_EQ(book.of(*web.port), nullptr);
  web.carry(endpoint("10.0.0.1"), 10);
  book.add({web.shown()}, {.accepted = 10}, {}, seconds{5});
  ASSERT_NE(book.of(*web.port), nullptr);
  EXPECT_EQ(book.of(*web.port)->last().connections, 2) << "its first connections count from zero";
  EXPECT_EQ(book.all().last().connections, 2);
  book.add({}, {.accepted = 10}, {}, seconds{5});
  EXPECT_EQ(book.of(*web.port), nullptr);
}

TEST(HistoryBookTest, ConnectTimesOfEverythingAddUpAlsoWhenServicesGo) {
  HistoryBook book;
  Served web("web", {endpoint("10.0.0.1")});
  web.carry(endpoint("10.0.0.1"), 1);
  book.add({}, {}, {}, seconds{5});
  web.port->times(0).connect.add(milliseconds{3});
  book.add({web.shown()}, {}, {}, seconds{5});
  EXPECT_GT(book.all().connect_ms(0.5).value(), 2);
  book.add({}, {}, {}, seconds{5});
  EXPECT_GT(book.all().connect_ms(0.5).value(), 2);
}

/// A service port all of whose connections are steered.
class SteeredHistory : public ::testing::Test {
 protected:
  void steer(const SteeredCounters& counters) {
    steering_.service_ports[*web_.port->name()].connections = counters;
    steering_.totals = counters;
  }

  HistoryBook book_;
  Served web_{"web", {endpoint("10.0.0.1")}};
  SteeringSnapshot steering_;
};

TEST_F(SteeredHistory, SteeredConnectionsAreAsGoodAsCarriedOnes) {
  book_.add({web_.shown()}, {}, steering_, seconds{5});
  steer({.dialled = 20, .failed = 5, .given_up = 1, .closed = 10, .bytes_to_client = 500});
  book_.add({web_.shown()}, {}, steering_, seconds{5});
  ASSERT_NE(book_.of(*web_.port), nullptr);
  for (const Sample& sample : {book_.of(*web_.port)->last(), book_.all().last()}) {
    EXPECT_EQ(sample.connections, 4);
    EXPECT_EQ(sample.failures, 1);
    EXPECT_EQ(sample.open, 4U);
    EXPECT_EQ(sample.bytes_to_client, 100);
  }
  web_.carry(endpoint("10.0.0.1"), 10);
  book_.add({web_.shown()}, {.accepted = 10}, steering_, seconds{5});
  EXPECT_EQ(book_.of(*web_.port)->last().connections, 2);
  EXPECT_EQ(book_.all().last().connections, 2);
}

TEST_F(SteeredHistory, WhatWasSteeredBeforeTheBeginningIsNoBurst) {
  steer({.dialled = 1'000'000, .closed = 999'990});
  book_.add({web_.shown()}, {}, steering_, seconds{5});
  steer({.dialled = 1'000'010, .closed = 999'990});
  book_.add({web_.shown()}, {}, steering_, seconds{5});
  const History& history = *book_.of(*web_.port);
  ASSERT_EQ(history.size(), 2U);
  EXPECT_EQ(history.at(0).connections, 0);
  EXPECT_EQ(history.last().connections, 2);
  EXPECT_EQ(history.last().open, 20U);
  EXPECT_EQ(book_.all().last().connections, 2);
}

TEST_F(SteeredHistory, AServicePortThatIsGoneTakesWhatWasSteeredAlongAndNothingElseHappens) {
  steer({.dialled = 100});
  web_.carry(endpoint("10.0.0.1"), 1);
  book_.add({web_.shown()}, {.accepted = 1}, steering_, seconds{5});
  steering_.service_ports.clear();
  book_.add({{web_.port, nullptr}}, {.accepted = 1}, steering_, seconds{5});
  EXPECT_EQ(book_.of(*web_.port)->last().connections, 0);
}

TEST(JsonParts, TimesAreInUtcAndTheEpochIsNone) {
  EXPECT_EQ(time_json(std::chrono::system_clock::time_point{}), nullptr);
  EXPECT_EQ(time_json(std::chrono::system_clock::time_point{seconds{1764107386}}), "2025-11-25T21:49:46Z");
}

TEST(JsonParts, PlacesAreWrittenAsInUrls) {
  EXPECT_EQ(place_text(*config::IpAddress::parse("10.0.0.1"), 80), "10.0.0.1:80");
  EXPECT_EQ(place_text(*config::IpAddress::parse("fd00::1"), 80), "[fd00::1]:80");
}

}  // namespace
}  // namespace ferry::proxy
