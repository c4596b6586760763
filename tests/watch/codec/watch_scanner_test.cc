#include <string>

#include <gtest/gtest.h>

#include "tests/watch/codec/heard.h"

namespace ferry::watch {
namespace {

using ferry::testing::for_each_cut;
using ferry::testing::hear_watch;
using ferry::testing::HeardWatch;
using ferry::testing::Pieces;

HeardWatch hear_events(const std::string& stream) {
  HeardWatch whole = hear_watch({stream});
  for_each_cut(stream, [&](const Pieces& pieces) { EXPECT_EQ(hear_watch(pieces), whole) << pieces.front(); });
  return whole;
}

TEST(WatchScanner, ASilentStreamMayEndAnywhere) {
  EXPECT_TRUE(hear_events("").at_boundary);
  EXPECT_TRUE(hear_events(" \n\r\n").at_boundary);
}

TEST(WatchScanner, EventsAreToldApartByTheirBraces) {
  const HeardWatch heard = hear_events(
      "{\"type\":\"ADDED\",\"object\":{\"a\":{}}}\n{\"type\":\"DELETED\",\"object\":{}}{\"type\":\"BOOKMARK\","
      "\"object\":{}}");
  EXPECT_EQ(heard.events,
            (std::vector<HeardWatch::Event>{{"ADDED", "{\"a\":{}}"}, {"DELETED", "{}"}, {"BOOKMARK", "{}"}}));
  EXPECT_TRUE(heard.at_boundary);
}

TEST(WatchScanner, AnEventMayBeSpreadOverLinesWithItsFieldsInAnyOrder) {
  const HeardWatch heard =
      hear_events("{\n  \"object\": {\n \"b\" : \"x\" } ,\n \"more\": [1], \"type\": \"MODIFIED\"\n}\n");
  EXPECT_EQ(heard.events, (std::vector<HeardWatch::Event>{{"MODIFIED", "{\n \"b\" : \"x\" }"}}));
}

TEST(WatchScanner, TheFieldNamesOf2014BeganWithCapitals) {
  const HeardWatch heard =
      hear_events("{\"Type\":\"ADDED\",\"Object\":{\"id\":\"a\"}}\n{\"TYPE\":\"DELETED\",\"oBJECT\":{}}");
  EXPECT_EQ(heard.events, (std::vector<HeardWatch::Event>{{"ADDED", "{\"id\":\"a\"}"}, {"DELETED", "{}"}}));
}

TEST(WatchScanner, AnAbsentObjectIsNullAndATypeThatIsNoneIsEmpty) {
  const HeardWatch heard = hear_events("{\"type\":\"ERROR\"}{\"object\":{}}{}{\"type\":5,\"object\":{}}");
  EXPECT_EQ(heard.events, (std::vector<HeardWatch::Event>{{"ERROR", "null"}, {"", "{}"}, {"", "null"}, {"", "{}"}}));
}

TEST(WatchScanner, HalfAnEventIsNoBoundary) {
  const std::string event = "{\"type\":\"ADDED\",\"object\":{\"a\":1}}";
  for (std::size_t size = 1; size < event.size(); ++size) {
    const HeardWatch heard = hear_watch({std::string_view(event).substr(0, size)});
    EXPECT_FALSE(heard.at_boundary) << size;
    EXPECT_TRUE(heard.events.empty()) << size;
    EXPECT_EQ(heard.error, "") << size;
  }
}

TEST(WatchScanner, AnEventOverTheBoundIsSkippedWholeAndTheNextArrives) {
  const std::string padding(kMaxObjectBytes, 'x');
  const std::string stream = "{\"type\":\"ADDED\",\"object\":{\"a\":\"" + padding + "\"}}\n{\"object\":{},\"type\":\"" +
                             padding + "\"}{\"type\":\"ADDED\",\"object\":{}}";
  const HeardWatch whole = hear_watch({stream});
  EXPECT_EQ(whole.oversized, std::vector<std::size_t>{kMaxObjectBytes + 8});
  EXPECT_EQ(whole.events, (std::vector<HeardWatch::Event>{{"", "{}"}, {"ADDED", "{}"}}));
  Pieces pieces;
  for (std::size_t at = 0; at < stream.size(); at += 65536)
    pieces.push_back(std::string_view(stream).substr(at, 65536));
  EXPECT_EQ(hear_watch(pieces), whole);
}

TEST(WatchScanner, GarbageEndsTheStreamAfterWhatCameBeforeIt) {
  const HeardWatch heard = hear_events("{\"type\":\"ADDED\",\"object\":{}}\n<html>");
  EXPECT_EQ(heard.events.size(), 1U);
  EXPECT_EQ(heard.error, "an object starts with '{', at byte 29");
  EXPECT_FALSE(heard.at_boundary);
  EXPECT_EQ(hear_events("{\"type\":\"ADDED\",\"object\":{]}").error, "no value of JSON reads like this, at byte 26");
}

}  // namespace
}  // namespace ferry::watch
