#include "watch/rest/secret_reader.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"

namespace ferry::watch {
namespace {

using std::chrono::milliseconds;

TEST(SecretReader, NothingIsEmpty) {
  SecretReader reader(Secret{}, milliseconds(0));
  EXPECT_EQ(reader.current(), "");
  EXPECT_EQ(reader.version(), 0U);
}

TEST(SecretReader, TextThatIsGivenLosesTheBlanksAtItsEnds) {
  SecretReader reader(Secret{" token \n", ""}, milliseconds(0));
  EXPECT_EQ(reader.current(), "token");
}

TEST(SecretReader, TheFileWinsOverTheTextGiven) {
  const testing::TemporaryFolder folder;
  SecretReader reader(Secret{"given", folder.write("token", "kept\n")}, milliseconds(0));
  EXPECT_EQ(reader.current(), "kept");
}

TEST(SecretReader, AChangedFileIsReadAgainAndGrowsTheVersion) {
  const testing::TemporaryFolder folder;
  SecretReader reader(Secret{"", folder.write("token", "one")}, milliseconds(0));
  EXPECT_EQ(reader.current(), "one");
  EXPECT_EQ(reader.version(), 1U);
  EXPECT_EQ(reader.current(), "one");
  EXPECT_EQ(reader.version(), 1U);
  folder.write("token", "two");
  EXPECT_EQ(reader.current(), "two");
  EXPECT_EQ(reader.version(), 2U);
}

TEST(SecretReader, TheSameTextInANewFileIsNoChange) {
  const testing::TemporaryFolder folder;
  SecretReader reader(Secret{"", folder.write("token", "one")}, milliseconds(0));
  reader.current();
  folder.write("token", "one");
  EXPECT_EQ(reader.current(), "one");
  EXPECT_EQ(reader.version(), 1U);
}

TEST(SecretReader, AKubeletsSwapOfALinkIsSeen) {
  const testing::TemporaryFolder folder;
  folder.write("old", "one");
  folder.write("new", "two");
  std::filesystem::create_symlink("old", folder.path() / "token");
  SecretReader reader(Secret{"", (folder.path() / "token").string()}, milliseconds(0));
  EXPECT_EQ(reader.current(), "one");
  std::filesystem::create_symlink("new", folder.path() / "token.tmp");
  std::filesystem::rename(folder.path() / "token.tmp", folder.path() / "token");
  EXPECT_EQ(reader.current(), "two");
}

TEST(SecretReader, AFileThatGoesOrEmptiesLeavesTheLastGoodTextInForce) {
  const testing::TemporaryFolder folder;
  const std::string file = folder.write("token", "one");
  SecretReader reader(Secret{"", file}, milliseconds(0));
  EXPECT_EQ(reader.current(), "one");
  std::filesystem::remove(file);
  EXPECT_EQ(reader.current(), "one");
  folder.write("token", " \n");
  EXPECT_EQ(reader.current(), "one");
  folder.write("token", "two");
  EXPECT_EQ(reader.current(), "two");
}

TEST(SecretReader, AFolderInTheFilesPlaceIsUnreadable) {
  const testing::TemporaryFolder folder;
  SecretReader reader(Secret{"", folder.path().string()}, milliseconds(0));
  EXPECT_EQ(reader.current(), "");
}

TEST(SecretReader, AFileThatComesLaterIsRead) {
  const testing::TemporaryFolder folder;
  SecretReader reader(Secret{"", (folder.path() / "token").string()}, milliseconds(0));
  EXPECT_EQ(reader.current(), "");
  folder.write("token", "here");
  EXPECT_EQ(reader.current(), "here");
}

TEST(SecretReader, TheFileIsNotLookedAtMoreOftenThanTold) {
  const testing::TemporaryFolder folder;
  SecretReader reader(Secret{"", folder.write("token", "one")}, std::chrono::hours(1));
  EXPECT_EQ(reader.current(), "one");
  folder.write("token", "two");
  EXPECT_EQ(reader.current(), "one");
}

}  // namespace
}  // namespace ferry::watch
