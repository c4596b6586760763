#include "watch/codec/inflater.h"

#include <random>
#include <string>

#include <gtest/gtest.h>
#include <zlib.h>

#include "tests/watch/codec/heard.h"

namespace ferry::watch {
namespace {

using ferry::testing::for_each_cut;
using ferry::testing::inflate;
using ferry::testing::Inflated;
using ferry::testing::Pieces;

std::string gzip(std::string_view text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  std::string in(text);
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

std::string noise(std::size_t size) {
  std::mt19937 random(1);
  std::string text(size, '\0');
  for (char& byte : text) byte = static_cast<char>(random());
  return text;
}

TEST(Inflater, NothingFedIsNotComplete) {
  Inflater inflater;
  EXPECT_EQ(inflater.next(), "");
  EXPECT_FALSE(inflater.failed());
  EXPECT_FALSE(inflater.complete());
}

TEST(Inflater, GivesBackWhatWasPackedAtAnyCut) {
  for (const std::string& text : {std::string(), std::string("x"), std::string(3000, 'a'), noise(2000)}) {
    const std::string packed = gzip(text);
    const Inflated expected{text, true, ""};
    EXPECT_EQ(inflate({packed}), expected);
    for_each_cut(packed, [&](const Pieces& pieces) { EXPECT_EQ(inflate(pieces), expected); });
  }
}

TEST(Inflater, IsNotCompleteUntilTheLastByteOfTheTrailer) {
  const std::string packed = gzip("hello");
  for (std::size_t size = 0; size < packed.size(); ++size) {
    const Inflated out = inflate({std::string_view(packed).substr(0, size)});
    EXPECT_FALSE(out.complete) << size;
    EXPECT_EQ(out.error, "") << size;
  }
}

TEST(Inflater, SeveralMembersAreOneText) {
  const std::string packed = gzip("one ") + gzip("") + gzip("two");
  EXPECT_EQ(inflate({packed}), (Inflated{"one two", true, ""}));
  for_each_cut(packed, [&](const Pieces& pieces) { EXPECT_EQ(inflate(pieces).text, "one two"); });
}

TEST(Inflater, WhatFollowsTheEndIsAnError) {
  const std::string packed = gzip("hello") + "garbage";
  for_each_cut(packed, [&](const Pieces& pieces) {
    const Inflated out = inflate(pieces);
    EXPECT_EQ(out.text, "hello");
    EXPECT_EQ(out.error, "incorrect header check");
    EXPECT_FALSE(out.complete);
  });
}

TEST(Inflater, WhatIsNotGzipOrIsDamagedIsAnError) {
  EXPECT_EQ(inflate({"{\"kind\":\"ServiceList\"}"}).error, "incorrect header check");
  std::string packed = gzip(std::string(1000, 'a'));
  packed[packed.size() - 6] ^= 1;
  EXPECT_EQ(inflate({packed}).error, "incorrect data check");
  EXPECT_FALSE(inflate({packed}).complete);
}

TEST(Inflater, ABombComesOutInBoundedSteps) {
  const std::size_t size = std::size_t{64} << 20;
  const std::string packed = gzip(std::string(size, 'a'));
  Inflater inflater;
  inflater.feed(packed);
  std::size_t total = 0;
  std::size_t largest = 0;
  for (auto text = inflater.next(); !text.empty(); text = inflater.next()) {
    total += text.size();
    largest = std::max(largest, text.size());
  }
  EXPECT_EQ(total, size);
  EXPECT_LE(largest, std::size_t{32} << 10);
  EXPECT_TRUE(inflater.complete());
}

}  // namespace
}  // namespace ferry::watch
