#include "watch/rest/base64.h"

#include <gtest/gtest.h>

namespace ferry::watch {
namespace {

TEST(Base64, NothingIsNothing) {
  EXPECT_EQ(base64_encode(""), "");
  EXPECT_EQ(base64_decode(""), "");
}

TEST(Base64, WritesTheExamplesOfRfc4648) {
  EXPECT_EQ(base64_encode("f"), "Zg==");
  EXPECT_EQ(base64_encode("fo"), "Zm8=");
  EXPECT_EQ(base64_encode("foo"), "Zm9v");
  EXPECT_EQ(base64_encode("foobar"), "Zm9vYmFy");
}

TEST(Base64, EveryLengthOfAnyBytesComesBack) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(base64_decode(base64_encode(bytes)), bytes);
    bytes += static_cast<char>(i * 7);
  }
}

TEST(Base64, LineBreaksInsideAreSkipped) { EXPECT_EQ(base64_decode("Zm9v\nYmFy\r\n"), "foobar"); }

TEST(Base64, TextThatIsNotBase64IsRefused) {
  for (const char* bad : {"Z", "Zg", "Zg=", "Z===", "====", "=Zg=", "Zg==Zg==", "Zm9%", "-AAA", "Zm9v!"}) {
    EXPECT_EQ(base64_decode(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace ferry::watch
