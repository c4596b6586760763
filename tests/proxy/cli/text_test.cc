#include "proxy/cli/text.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace ferry::cli {
namespace {

TEST(Printable, NothingStaysNothing) { EXPECT_EQ(printable(""), ""); }

TEST(Printable, WhatATerminalShowsIsLeftAlone) {
  EXPECT_EQ(printable("default/web:http ~ gr\u00fc\u00df \u6771\u4eac"),
            "default/web:http ~ gr\u00fc\u00df \u6771\u4eac");
}

TEST(Printable, WhatATerminalWouldActUponIsEscaped) {
  const std::vector<std::pair<std::string, std::string>> table{
      {"\x1b[2J", "\\x1b[2J"},
      {"a\nb\tc\r", "a\\nb\\tc\\x0d"},
      {std::string("nul\0", 4), "nul\\x00"},
      {"\x1f", "\\x1f"},
      {"\x7f", "\\x7f"},
      // A C1 control that is CSI, as UTF-8 and as a bare byte.
      {"\u009b31m", "\\u{9b}31m"},
      {"\x9b", "\\x9b"},
      {"abc\u202ecba", "abc\\u{202e}cba"},
      {"zero\u200bwidth", "zero\\u{200b}width"},
      {"\U000e0041", "\\u{e0041}"},
  };
  for (const auto& [raw, shown] : table) EXPECT_EQ(printable(raw), shown);
}

TEST(Printable, BytesThatAreNoUtf8AreEscapedOneByOne) {
  EXPECT_EQ(printable("\xc3"), "\\xc3");
  EXPECT_EQ(printable("\xc3x"), "\\xc3x");
  EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf");
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
  EXPECT_EQ(printable("\xe2\x82"), "\\xe2\\x82");
}

TEST(Columns, WideCharactersTakeTwo) {
  EXPECT_EQ(columns_of(""), 0U);
  EXPECT_EQ(columns_of("gr\u00fcn"), 4U);
  EXPECT_EQ(columns_of("\u6771\u4eac"), 4U);
}

TEST(Clipped, NeverWiderThanAsked) {
  EXPECT_EQ(clipped("kube-system", 11), "kube-system");
  EXPECT_EQ(clipped("kube-system", 10), "kube-syst\u2026");
  EXPECT_EQ(clipped("kube-system", 1), "\u2026");
  EXPECT_EQ(clipped("kube-system", 0), "");
  // Half of a wide character cannot be shown.
  EXPECT_EQ(clipped("\u6771\u4eac\u6771", 4), "\u6771\u2026");
}

TEST(Aligned, FillsUpToTheWidth) {
  EXPECT_EQ(left_aligned("ab", 4), "ab  ");
  EXPECT_EQ(right_aligned("ab", 4), "  ab");
  EXPECT_EQ(right_aligned("abcde", 4), "abc\u2026");
  EXPECT_EQ(left_aligned("\u6771\u4eac\u6771", 4), "\u6771\u2026 ");
}

}  // namespace
}  // namespace ferry::cli
