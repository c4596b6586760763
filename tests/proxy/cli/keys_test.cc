#include "proxy/cli/keys.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace ferry::cli {

void PrintTo(const KeyPress& key, std::ostream* out) {
  *out << static_cast<int>(key.kind);
  if (key.character != 0) *out << " '" << key.character << "'";
}

namespace {

using Kind = KeyPress::Kind;

const std::vector<std::pair<std::string, std::vector<KeyPress>>> kTable{
    {"", {}},
    {"q", {{Kind::kCharacter, 'q'}}},
    {"/a~", {{Kind::kCharacter, '/'}, {Kind::kCharacter, 'a'}, {Kind::kCharacter, '~'}}},
    {"\r\n", {{Kind::kEnter}, {Kind::kEnter}}},
    {"\x7f\b", {{Kind::kBackspace}, {Kind::kBackspace}}},
    {"\x03\x1a\x0c", {{Kind::kInterrupt}, {Kind::kSuspend}, {Kind::kRedraw}}},
    {"\x1b[A\x1b[B\x1b[C\x1b[D", {{Kind::kUp}, {Kind::kDown}, {Kind::kRight}, {Kind::kLeft}}},
    {"\x1bOA\x1bOB", {{Kind::kUp}, {Kind::kDown}}},
    {"\x1b[5~\x1b[6~\x1b[1~\x1b[4~\x1b[H\x1b[F",
     {{Kind::kPageUp}, {Kind::kPageDown}, {Kind::kHome}, {Kind::kEnd}, {Kind::kHome}, {Kind::kEnd}}},
    // Sequences that mean nothing here are swallowed, not typed.
    {"\x1b[15~\x1b[1;5Aq", {{Kind::kCharacter, 'q'}}},
    // Escape, and then a key.
    {"\x1bq", {{Kind::kEscape}, {Kind::kCharacter, 'q'}}},
    {"\x1b\x1b[A", {{Kind::kEscape}, {Kind::kUp}}},
    // Beyond ASCII, and controls without a meaning.
    {"\xc3\xbc\x01", {}},
};

TEST(KeyDecoder, BytesOfATerminalAreKeys) {
  for (const auto& [bytes, keys] : kTable) {
    KeyDecoder decoder;
    EXPECT_EQ(decoder.feed(bytes), keys) << ::testing::PrintToString(bytes);
    EXPECT_FALSE(decoder.waiting());
  }
}

TEST(KeyDecoder, SequencesMayComeByteByByte) {
  for (const auto& [bytes, keys] : kTable) {
    KeyDecoder decoder;
    std::vector<KeyPress> together;
    for (const char c : bytes) {
      for (const KeyPress key : decoder.feed(std::string(1, c))) together.push_back(key);
    }
    EXPECT_EQ(together, keys) << ::testing::PrintToString(bytes);
  }
}

TEST(KeyDecoder, AnEscapeThatNothingFollowsIsTheKey) {
  KeyDecoder decoder;
  EXPECT_EQ(decoder.feed("\x1b"), std::vector<KeyPress>{});
  EXPECT_TRUE(decoder.waiting());
  EXPECT_EQ(decoder.flush(), std::vector<KeyPress>{{Kind::kEscape}});
  EXPECT_FALSE(decoder.waiting());
  EXPECT_EQ(decoder.flush(), std::vector<KeyPress>{});
}

TEST(KeyDecoder, ASequenceThatNeverEndsIsGivenUp) {
  KeyDecoder decoder;
  EXPECT_EQ(decoder.feed("\x1b[" + std::string(40, '1')), (std::vector<KeyPress>(9, {Kind::kCharacter, '1'})));
  EXPECT_EQ(decoder.feed("\x1b[1"), std::vector<KeyPress>{});
  EXPECT_EQ(decoder.flush(), std::vector<KeyPress>{});
}

}  // namespace
}  // namespace ferry::cli
