#include "watch/codec/json_reader.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "watch/codec/json_text.h"

namespace ferry::watch::codec {
namespace {

std::string problem_of(std::string_view json) {
  JsonReader in(json);
  in.skip();
  in.finish();
  return in.problem();
}

TEST(JsonReader, TakesWhatAnotherParserTakesAndNothingElse) {
  const std::vector<std::string> texts = {"",
                                          " ",
                                          "{}",
                                          "[]",
                                          "null",
                                          "nul",
                                          "nulls",
                                          "true",
                                          "false",
                                          "tru",
                                          "0",
                                          "-0",
                                          "-",
                                          "01",
                                          "1.",
                                          "1.5",
                                          ".5",
                                          "1e5",
                                          "1e",
                                          "1E+5",
                                          "1e-05",
                                          "+1",
                                          "--1",
                                          "0x1",
                                          "123456789012345678901234567890",
                                          "\"\"",
                                          "\"a\"",
                                          "\"",
                                          "\"\\\"",
                                          "\"\\\\\"",
                                          "\"\\u0041\"",
                                          "\"\\u004\"",
                                          "\"\\u00g0\"",
                                          "\"\\x\"",
                                          "\"\\ud83d\\ude00\"",
                                          "\"\\ud83d\"",
                                          "\"\\ude00\"",
                                          "\"\\ud83d\\u0041\"",
                                          "\"\t\"",
                                          "\"\x7f\"",
                                          std::string("\"\0\"", 3),
                                          "\"\xc3\xa4\"",
                                          "\"\xc3\"",
                                          "\"\xff\"",
                                          "\"\xc0\xaf\"",
                                          "\"\xe0\x80\x80\"",
                                          "\"\xed\xa0\x80\"",
                                          "\"\xf4\x8f\xbf\xbf\"",
                                          "\"\xf4\x90\x80\x80\"",
                                          "\"\xf0\x8f\xbf\xbf\"",
                                          "{\"a\":1}",
                                          "{\"a\":1,}",
                                          "{,}",
                                          "{\"a\"}",
                                          "{\"a\" 1}",
                                          "{a:1}",
                                          "{\"a\":1 \"b\":2}",
                                          "{\"a\":1",
                                          "{\"a\":1]",
                                          "[1,2]",
                                          "[1,]",
                                          "[1 2]",
                                          "[,1]",
                                          "[1",
                                          "[",
                                          "{",
                                          "}",
                                          "[]]",
                                          "{} {}",
                                          "[{}, [], \"x\", null, true, 1.5e3]",
                                          "\n{ \"a\" : [ 1 , 2 ] } \r\n",
                                          "/**/{}",
                                          "{\"a\":1}//",
                                          "[NaN]",
                                          "[Infinity]",
                                          "'a'",
                                          "{\"a\":1,\"a\":2}"};
  for (const std::string& text : texts) {
    EXPECT_EQ(problem_of(text).empty(), nlohmann::json::accept(text)) << text << ": " << problem_of(text);
  }
}

TEST(JsonReader, AStringReadsAsItsText) {
  for (const char* json :
       {R"("")", R"("plain")", R"("\"\\\/\b\f\n\r\t")", R"("\u00e4\u20ac\ud83d\ude00\u0000x")", "\"ä€\""}) {
    JsonReader in(json);
    const auto text = in.text();
    ASSERT_TRUE(text.has_value()) << json;
    EXPECT_EQ(*text, nlohmann::json::parse(json).get<std::string>());
  }
}

TEST(JsonReader, WhatIsNotReadIsSkippedAndNullStandsForAbsence) {
  JsonReader in(R"({"a":null,"skipped":{"deep":[1,{"x":[]}]},"b":[null,"x",5],"c":null})");
  std::vector<std::string> seen;
  in.members([&](std::string_view key) {
    if (key == "a") {
      EXPECT_FALSE(in.text().has_value());
    } else if (key == "b") {
      in.elements([&](std::size_t index) {
        if (index < 2) seen.emplace_back(in.text().value_or("null"));
      });
    } else if (key == "c") {
      in.members([&](std::string_view) { FAIL(); });
    }
  });
  in.finish();
  EXPECT_EQ(in.problem(), "");
  EXPECT_EQ(seen, (std::vector<std::string>{"null", "x"}));
}

TEST(JsonReader, ANameMayBeWrittenWithEscapes) {
  JsonReader in(R"({"\u006bi\u006ed":"x"})");
  std::string key;
  in.members([&](std::string_view name) { key = name; });
  EXPECT_EQ(key, "kind");
}

TEST(JsonReader, AMistakeIsToldWithItsPath) {
  JsonReader in(R"({"spec":{"ports":[{"port":80},{"port":"http"}]}})");
  in.members([&](std::string_view) {
    in.members([&](std::string_view) {
      in.elements([&](std::size_t) { in.members([&](std::string_view) { in.integer(0, 65535, "a port"); }); });
    });
  });
  EXPECT_EQ(in.problem(), "spec.ports[1].port: expected a number, found a string");
}

TEST(JsonReader, APathNamesEscapedMembersAndForgetsThemAfterAFailure) {
  const std::string name(40, 'x');
  const std::string json = "{\"outer\\u0041\":{\"" + name + "\\u0041\":1,\"" + name + name + "\\u0042\" 5}}";
  JsonReader in(json);
  in.members([&](std::string_view) {
    in.members([&](std::string_view) { EXPECT_EQ(in.path(), "outerA." + name + "A"); });
    EXPECT_EQ(in.path(), "");
  });
  EXPECT_EQ(in.problem(), "outerA." + (name + name).substr(0, 64) + ": ':' stands between a name and its value");
}

TEST(JsonReader, ANumberIsWholeAndWithinItsRange) {
  const auto problem = [](std::string_view json) {
    JsonReader in(json);
    in.integer(-5, 65535, "a port");
    in.finish();
    return in.problem();
  };
  EXPECT_EQ(problem("65535"), "");
  EXPECT_EQ(problem("-5"), "");
  EXPECT_EQ(problem("-6"), "-6 is not a port");
  EXPECT_EQ(problem("65536"), "65536 is not a port");
  EXPECT_EQ(problem("80.0"), "80.0 is not a port");
  EXPECT_EQ(problem("8e1"), "8e1 is not a port");
  EXPECT_EQ(problem("1e999"), "1e999 is not a port");
  EXPECT_EQ(problem("99999999999999999999999999999999999999"), "99999999999999999999999999999999 is not a port");
  EXPECT_EQ(problem("true"), "expected a number, found a boolean");
}

TEST(JsonReader, NestingIsBounded) {
  const auto nested = [](std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
  EXPECT_EQ(problem_of(nested(kMaxJsonDepth)), "");
  EXPECT_TRUE(problem_of(nested(kMaxJsonDepth + 1)).ends_with("nests deeper than 64 levels"));
  EXPECT_TRUE(problem_of(std::string(1 << 20, '[')).ends_with("nests deeper than 64 levels"));
  EXPECT_LT(problem_of(std::string(1 << 20, '[')).size(), 400U);
}

TEST(JsonReader, APathFromTheNetworkIsFitToBeLogged) {
  const std::string problem = problem_of("{\"a\\nb\\u001b[31m" + std::string(10000, 'x') + "\":?}");
  EXPECT_LT(problem.size(), 200U);
  EXPECT_TRUE(problem.starts_with("a b [31mxxx")) << problem;
}

TEST(Printable, KeepsTextAndDropsWhatAPersonCannotRead) {
  EXPECT_EQ(printable("", 10), "");
  EXPECT_EQ(printable("404 page not found\n", 64), "404 page not found");
  EXPECT_EQ(printable("  a\r\n\t b\x1b[0m\x7f.", 64), "a b [0m");
  EXPECT_EQ(printable("ends here.", 64), "ends here");
  EXPECT_EQ(printable("ä\xff€", 64), "ä?€");
  EXPECT_EQ(printable("ääää", 5), "ää");
}

}  // namespace
}  // namespace ferry::watch::codec
