#include "watch/source/file_source.h"

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "tests/support/run.h"
#include "tests/support/temporary_folder.h"
#include "tests/watch/source/recording_source.h"

namespace ferry::watch {
namespace {

namespace fs = std::filesystem;
using Names = testing::RecordingSource::Names;

std::string service(const std::string& name) {
  return "---\nkind: Service\napiVersion: v1\nmetadata: {name: " + name +
         "}\nspec: {clusterIP: 127.96.0.1, ports: [{port: 80}]}\n";
}

void write_in_place(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }

class FileSourceTest : public ::testing::Test {
 protected:
  void TearDown() override {
    source_.reset();
    EXPECT_TRUE(testing::is_idle(context_)) << "something still runs";
  }

  void start(const fs::path& path) {
    source_.emplace(context_.get_executor(), store_, path);
    source_->start();
  }

  void wait_for_loads(std::uint64_t loads) {
    testing::run_until(context_, [&] { return source_->status().loads >= loads; });
  }
  void wait_for_services(const Names& names) {
    testing::run_until(context_, [&] { return store_.services() == names; });
  }
  void wait_for_failures(std::uint64_t failures) {
    testing::run_until(context_, [&] { return source_->status().failures >= failures; });
  }

  boost::asio::io_context context_;
  testing::TemporaryFolder folder_;
  testing::RecordingSource store_;
  std::optional<FileSource> source_;
};

TEST_F(FileSourceTest, ReadsItsFileBeforeStartReturns) {
  start(folder_.write("a.yaml", service("web")));
  EXPECT_EQ(store_.services(), Names{"web"});
  EXPECT_EQ(store_.slice_sets(), 1);
  const FileSourceStatus status = source_->status();
  EXPECT_EQ(status.loads, 1U);
  EXPECT_EQ(status.services, 1U);
  EXPECT_EQ(status.last_error, "");
}

TEST_F(FileSourceTest, AnEmptyFileDeliversEmptySets) {
  start(folder_.write("a.yaml", ""));
  EXPECT_EQ(store_.service_sets(), 1);
  EXPECT_EQ(store_.slice_sets(), 1);
}

TEST_F(FileSourceTest, AMissingFileIsAnErrorThatNamesIt) {
  const fs::path path = folder_.path() / "none.yaml";
  try {
    start(path);
    FAIL() << "it started";
  } catch (const std::runtime_error& error) {
    EXPECT_EQ(error.what(), path.string() + ": there is no such file or folder; name one that exists");
  }
}

TEST_F(FileSourceTest, SeesAFileRenamedOverIt) {
  start(folder_.write("a.yaml", service("web")));
  folder_.write("a.yaml", service("web") + service("shop"));
  wait_for_services({"shop", "web"});
}

TEST_F(FileSourceTest, SeesAFileWrittenInPlace) {
  const fs::path path = folder_.write("a.yaml", service("web"));
  start(path);
  write_in_place(path, service("shop"));
  wait_for_services({"shop"});
}

TEST_F(FileSourceTest, SeesFilesComeToAndGoFromAFolder) {
  folder_.write("a.yaml", service("web"));
  start(folder_.path());
  folder_.write("b.yaml", service("shop"));
  wait_for_services({"shop", "web"});
  fs::remove(folder_.path() / "a.yaml");
  wait_for_services({"shop"});
}

TEST_F(FileSourceTest, SeesTheLinksOfAConfigMapSwapped) {
  const fs::path& root = folder_.path();
  for (const char* version : {"..1", "..2", "..3"}) fs::create_directory(root / version);
  write_in_place(root / "..1/a.yaml", service("one"));
  write_in_place(root / "..2/a.yaml", service("two"));
  write_in_place(root / "..3/a.yaml", service("three"));
  fs::create_symlink("..1", root / "..data");
  fs::create_symlink("..data/a.yaml", root / "a.yaml");
  start(root / "a.yaml");
  EXPECT_EQ(store_.services(), Names{"one"});
  for (const auto& [version, name] : {std::pair("..2", "two"), std::pair("..3", "three")}) {
    fs::create_symlink(version, root / "..data_tmp");
    fs::rename(root / "..data_tmp", root / "..data");
    wait_for_services({name});
  }
}

TEST_F(FileSourceTest, ABrokenFileKeepsTheLastGoodStateAndSaysWhere) {
  const fs::path path = folder_.write("a.yaml", service("web"));
  start(path);
  folder_.write("a.yaml", "kind: Service\napiVersion: v1\nmetadata: [\n");
  wait_for_failures(1);
  EXPECT_EQ(store_.services(), Names{"web"});
  EXPECT_EQ(source_->status().last_error.substr(0, path.string().size() + 3), path.string() + ":4:");
  folder_.write("a.yaml", service("shop"));
  wait_for_services({"shop"});
  EXPECT_EQ(source_->status().last_error, "");
}

TEST_F(FileSourceTest, AFileThatDisappearsKeepsTheLastState) {
  const fs::path path = folder_.write("a.yaml", service("web"));
  start(path);
  fs::remove(path);
  wait_for_failures(1);
  EXPECT_EQ(store_.services(), Names{"web"});
  folder_.write("a.yaml", service("shop"));
  wait_for_services({"shop"});
}

TEST_F(FileSourceTest, StoppedItReadsNothingAnyMore) {
  start(folder_.write("a.yaml", service("web")));
  folder_.write("a.yaml", service("shop"));
  source_->stop();
  EXPECT_TRUE(testing::is_idle(context_));
  EXPECT_EQ(store_.services(), Names{"web"});
}

}  // namespace
}  // namespace ferry::watch
