#include "watch/source/yaml_to_json.h"

#include <stdexcept>
#include <string>

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

namespace ferry::watch {
namespace {

std::string convert(const std::string& yaml) { return YamlToJson().convert(YAML::Load(yaml)).dump(); }

TEST(YamlToJson, PlainScalarsAreWhatTheyLookLike) {
  EXPECT_EQ(convert("[80, -1, 007, 1.5, true, False, null, ~, '', text, 10.0.0.1, 1.2.3, 0x1F, yes, .inf]"),
            R"([80,-1,7,1.5,true,false,null,null,"","text","10.0.0.1","1.2.3","0x1F","yes",".inf"])");
}

TEST(YamlToJson, QuotedScalarsAndBlocksAreText) {
  EXPECT_EQ(convert("[\"80\", 'true', \"null\", !!str 80]"), R"(["80","true","null","80"])");
  EXPECT_EQ(convert("text: |\n  80\n"), R"({"text":"80\n"})");
}

TEST(YamlToJson, JsonIsYaml) {
  const std::string json = R"({"a":{"b":[1,"2",null,true]},"c":"x\ty"})";
  EXPECT_EQ(convert(json), json);
  EXPECT_EQ(convert("{\n\t\"a\":\t1\n}"), R"({"a":1})");
}

TEST(YamlToJson, AliasesAreFollowed) { EXPECT_EQ(convert("{a: &x [1], b: *x}"), R"({"a":[1],"b":[1]})"); }

TEST(YamlToJson, MergedKeysGiveWayToTheMapsOwn) {
  EXPECT_EQ(convert("{base: &x {a: 1, b: 2}, one: {<<: *x, b: 3}, two: {b: 3, <<: *x}}"),
            R"({"base":{"a":1,"b":2},"one":{"a":1,"b":3},"two":{"a":1,"b":3}})");
  EXPECT_EQ(convert("{<<: [{a: 1}, {a: 2, b: 2}]}"), R"({"a":1,"b":2})");
  EXPECT_EQ(convert("{'<<': 1}"), R"({"<<":1})");
  EXPECT_THROW(convert("{<<: 1}"), std::length_error);
}

TEST(YamlToJson, AKeyThatOccursTwiceIsRefused) { EXPECT_THROW(convert("{a: 1, a: 2}"), std::length_error); }

TEST(YamlToJson, AKeyThatIsNoTextIsRefused) { EXPECT_THROW(convert("{[1]: 2}"), std::length_error); }

TEST(YamlToJson, NestingIsBounded) {
  EXPECT_NO_THROW(convert(std::string(60, '[') + std::string(60, ']')));
  EXPECT_THROW(convert(std::string(70, '[') + std::string(70, ']')), std::length_error);
}

TEST(YamlToJson, AnAliasOfItselfIsRefused) { EXPECT_THROW(convert("&x [*x]"), std::length_error); }

TEST(YamlToJson, AliasesOfAliasesCannotGrowWithoutBound) {
  std::string yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    yaml += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last;
    for (int j = 1; j < 10; ++j) yaml += ", " + last;
    yaml += "]\n";
  }
  EXPECT_THROW(convert(yaml), std::length_error);
}

TEST(YamlToJson, ALongTextRepeatedByAliasesCannotGrowWithoutBound) {
  std::string yaml = "a: &a " + std::string(1U << 20U, 'x') + "\nb: [*a";
  for (int i = 0; i < 10; ++i) yaml += ", *a";
  EXPECT_THROW(convert(yaml + "]"), std::length_error);
}

}  // namespace
}  // namespace ferry::watch
