#include "watch/source/manifest_files.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"

namespace ferry::watch {
namespace {

TEST(FileFingerprint, IsTheSameForAsLongAsTheFilesAre) {
  const testing::TemporaryFolder folder;
  folder.write("a.yaml", "1");
  const FileFingerprint before(folder.path());
  folder.write("notes.txt", "not a manifest");
  EXPECT_EQ(FileFingerprint(folder.path()), before);
  folder.write("a.yaml", "2");
  EXPECT_FALSE(FileFingerprint(folder.path()) == before);
}

TEST(FileFingerprint, TellsAFileThatCameOrWent) {
  const testing::TemporaryFolder folder;
  const FileFingerprint nothing(folder.path());
  folder.write("a.yaml", "1");
  EXPECT_FALSE(FileFingerprint(folder.path()) == nothing);
  std::filesystem::remove(folder.path() / "a.yaml");
  EXPECT_EQ(FileFingerprint(folder.path()), nothing);
}

TEST(FileFingerprint, OfAFileJustWrittenIsNotCertain) {
  const testing::TemporaryFolder folder;
  EXPECT_FALSE(FileFingerprint(folder.write("a.yaml", "1")).certain());
}

TEST(FileFingerprint, OfNoFileEqualsOneThatWasNeverTaken) {
  EXPECT_EQ(FileFingerprint("/nowhere/at/all"), FileFingerprint());
}

}  // namespace
}  // namespace ferry::watch
