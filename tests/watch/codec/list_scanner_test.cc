#include <string>

#include <gtest/gtest.h>

#include "tests/watch/codec/heard.h"

namespace ferry::watch {
namespace {

using ferry::testing::for_each_cut;
using ferry::testing::hear_list;
using ferry::testing::HeardList;
using ferry::testing::Pieces;

/// What is heard of the whole document, after checking that every cut of it is heard alike.
HeardList hear(const std::string& document) {
  HeardList whole = hear_list({document});
  for_each_cut(document, [&](const Pieces& pieces) { EXPECT_EQ(hear_list(pieces), whole) << pieces.front(); });
  return whole;
}

TEST(ListScanner, AnEmptyListIsCompleteWithoutItems) {
  const HeardList heard =
      hear(R"({"kind":"ServiceList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[]})");
  EXPECT_TRUE(heard.complete);
  EXPECT_EQ(heard.items, std::vector<std::string>{});
  EXPECT_EQ(heard.envelope.kind, "ServiceList");
  EXPECT_EQ(heard.envelope.resource_version, "7");
  EXPECT_EQ(heard.envelope.continue_token, "");
}

TEST(ListScanner, ItemsThatAreNullAreNone) {
  const HeardList heard = hear(R"({"kind":"ServiceList","items":null,"metadata":{"resourceVersion":"7"}})");
  EXPECT_TRUE(heard.complete);
  EXPECT_EQ(heard.items.size(), 0U);
  EXPECT_EQ(heard.envelope.resource_version, "7");
}

TEST(ListScanner, ItemsComeAsWrittenWithoutTheSpaceAroundThem) {
  const HeardList heard =
      hear("{ \"items\" : [\n  {\"a\": [1, {\"b\":2}]} ,\t{\"c\":\"}]\\\"{\"}\r\n , 5, \"x\" ,null ] } \n");
  EXPECT_EQ(heard.items,
            (std::vector<std::string>{"{\"a\": [1, {\"b\":2}]}", "{\"c\":\"}]\\\"{\"}", "5", "\"x\"", "null"}));
  EXPECT_TRUE(heard.complete);
}

TEST(ListScanner, FieldsComeInAnyOrderAndUnknownOnesAreSkipped) {
  const HeardList heard = hear(
      R"({"items":[{"n":1}],"extra":{"items":[{"n":2}],"kind":"no"},"metadata":{"remainingItemCount":3,"continue":"tok\u0065n",)"
      R"("selfLink":"x","resourceVersion":"12"},"more":[[[]]],"kind":"EndpointsList"})");
  EXPECT_EQ(heard.items, std::vector<std::string>{"{\"n\":1}"});
  EXPECT_EQ(heard.envelope.kind, "EndpointsList");
  EXPECT_EQ(heard.envelope.resource_version, "12");
  EXPECT_EQ(heard.envelope.continue_token, "token");
}

TEST(ListScanner, TheHistoricalVersionIsANumberAtTheTop) {
  const HeardList heard =
      hear(R"({"kind":"ServiceList","resourceVersion":42,"apiVersion":"v1beta1","items":[{"id":"a","port":80}]})");
  EXPECT_EQ(heard.envelope.resource_version, "42");
  EXPECT_EQ(heard.items, std::vector<std::string>{R"({"id":"a","port":80})"});
}

TEST(ListScanner, AStatusInAListsPlaceTellsItsKind) {
  const HeardList heard = hear(R"({"kind":"Status","metadata":{},"status":"Failure","message":"no","code":500})");
  EXPECT_EQ(heard.envelope.kind, "Status");
  EXPECT_TRUE(heard.complete);
  EXPECT_EQ(heard.items.size(), 0U);
}

TEST(ListScanner, AListCutOffIsNotComplete) {
  const std::string document = R"({"kind":"ServiceList","metadata":{"resourceVersion":"7"},"items":[{"a":1},{"b":2}]})";
  for (std::size_t size = 0; size < document.size(); ++size) {
    const HeardList heard = hear_list({std::string_view(document).substr(0, size)});
    EXPECT_FALSE(heard.complete) << size;
    EXPECT_EQ(heard.error, "") << size;
  }
}

TEST(ListScanner, AStringEndsAtTheFirstQuoteThatIsNotEscaped) {
  const HeardList heard = hear(R"({"items":[{"a":"\\"},{"b":"\\\""},{"c":"\\\\\\\"]}"}]})");
  EXPECT_EQ(heard.items, (std::vector<std::string>{R"({"a":"\\"})", R"({"b":"\\\""})", R"({"c":"\\\\\\\"]}"})"}));
}

TEST(ListScanner, AnItemMayNestAsDeepAsItLikes) {
  const std::string deep = std::string(10000, '[') + std::string(10000, ']');
  const std::string mixed = "{\"a\":" + std::string(70, '[') + "{}" + std::string(70, ']') + "}";
  const HeardList heard = hear_list({"{\"items\":[" + deep + "," + mixed + "]}"});
  EXPECT_EQ(heard.items, (std::vector<std::string>{deep, mixed}));
  EXPECT_TRUE(heard.complete);
}

TEST(ListScanner, AnItemThatIsOnlyBracketedRightIsHandedOver) {
  const HeardList heard = hear(R"({"items":[{"a" nonsense, 01},{"b":2}]})");
  EXPECT_EQ(heard.items, (std::vector<std::string>{R"({"a" nonsense, 01})", R"({"b":2})"}));
  EXPECT_TRUE(heard.complete);
}

std::string object_of_size(std::size_t size) { return "{\"a\":\"" + std::string(size - 8, 'x') + "\"}"; }

TEST(ListScanner, AnItemOverTheBoundIsSkippedWholeAndTheNextArrives) {
  const std::string largest = object_of_size(kMaxObjectBytes);
  const std::string too_large = object_of_size(kMaxObjectBytes + 1);
  const std::string document =
      "{\"items\":[" + too_large + "," + largest + "," + too_large + ",{\"b\":1}],\"kind\":\"L\"}";
  const HeardList whole = hear_list({document});
  ASSERT_EQ(whole.items.size(), 2U);
  EXPECT_EQ(whole.items[0], largest);
  EXPECT_EQ(whole.items[1], "{\"b\":1}");
  EXPECT_EQ(whole.oversized, (std::vector<std::size_t>{kMaxObjectBytes + 1, kMaxObjectBytes + 1}));
  EXPECT_TRUE(whole.complete);
  for (const std::size_t chunk : {std::size_t{4096}, std::size_t{1} << 20, kMaxObjectBytes}) {
    Pieces pieces;
    for (std::size_t at = 0; at < document.size(); at += chunk) {
      pieces.push_back(std::string_view(document).substr(at, chunk));
    }
    EXPECT_EQ(hear_list(pieces), whole) << chunk;
  }
}

TEST(ListScanner, AnEnvelopeFieldWithoutEndIsRefusedAndAnUnknownOneIsNotHeld) {
  const std::string endless(1 << 20, 'x');
  const HeardList metadata = hear_list({"{\"metadata\":{\"continue\":\"", endless, endless, "\"}}"});
  EXPECT_EQ(metadata.error, "a field of the envelope is too large, at byte 2097179");
  const HeardList unknown = hear_list({"{\"" + endless + "\":\"", endless, "\",\"kind\":\"L\"}"});
  EXPECT_EQ(unknown.error, "");
  EXPECT_EQ(unknown.envelope.kind, "L");
  EXPECT_TRUE(unknown.complete);
}

struct BadDocument {
  const char* text;
  const char* error;
};

TEST(ListScanner, ADocumentThatIsNoListSaysWhyAndWhere) {
  for (const BadDocument& bad : {
           BadDocument{"<html>", "an object starts with '{', at byte 0"},
           BadDocument{" []", "an object starts with '{', at byte 1"},
           BadDocument{"{]", "a member starts with its name, at byte 1"},
           BadDocument{"{\"a\":1,}", "a member starts with its name, at byte 7"},
           BadDocument{"{\"a\" 1}", "':' stands between a name and its value, at byte 5"},
           BadDocument{"{\"a\":}", "no value of JSON reads like this, at byte 5"},
           BadDocument{"{\"a\":?}", "no value of JSON reads like this, at byte 5"},
           BadDocument{"{\"a\":1 2}", "members are separated by ',', at byte 7"},
           BadDocument{"{\"a\":[}", "no value of JSON reads like this, at byte 6"},
           BadDocument{"{\"items\":[1 2]}", "elements are separated by ',', at byte 12"},
           BadDocument{"{\"items\":[1,]}", "no value of JSON reads like this, at byte 12"},
           BadDocument{"{\"items\":[1}", "elements are separated by ',', at byte 11"},
           BadDocument{"{\"items\":{}}", "items: expected a list, at byte 11"},
           BadDocument{"{\"items\":[],\"items\":[]}", "a list has its items once, at byte 20"},
           BadDocument{"{\"metadata\":5}", "expected an object, found a number, at byte 13"},
           BadDocument{"{\"metadata\":{\"resourceVersion\":{}}}",
                       "resourceVersion: expected a number, found an object, at byte 34"},
           BadDocument{"{\"kind\":7}", "expected a string, found a number, at byte 9"},
           BadDocument{"{}{}", "nothing may follow the object, at byte 2"},
           BadDocument{"{} x", "nothing may follow the object, at byte 3"},
       }) {
    const HeardList heard = hear(bad.text);
    EXPECT_EQ(heard.error, bad.error) << bad.text;
    EXPECT_FALSE(heard.complete) << bad.text;
  }
}

TEST(ListScanner, NothingIsTakenAfterAnError) {
  HeardList heard;
  ListScanner scanner(heard);
  EXPECT_FALSE(scanner.feed("{\"items\":[1]]"));
  EXPECT_FALSE(scanner.feed("{\"items\":[2]}"));
  EXPECT_EQ(heard.items, std::vector<std::string>{"1"});
  EXPECT_FALSE(scanner.complete());
}

TEST(ListScanner, CanBeMovedInTheMiddleOfAnItem) {
  HeardList heard;
  ListScanner first(heard);
  EXPECT_TRUE(first.feed("{\"items\":[{\"a\":"));
  ListScanner second(std::move(first));
  EXPECT_TRUE(second.feed("1}]}"));
  EXPECT_EQ(heard.items, std::vector<std::string>{"{\"a\":1}"});
  EXPECT_TRUE(second.complete());
}

}  // namespace
}  // namespace ferry::watch
