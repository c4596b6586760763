#include "proxy/page/page.h"

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// Made by ferry_embed of the files beside this one.
namespace embedded_for_test {
extern const std::string_view every_byte_bin;
extern const std::string_view empty_txt;
}  // namespace embedded_for_test

namespace ferry::proxy {
namespace {

std::string source(const std::string& name) {
  std::ifstream file(FERRY_PAGE_FOLDER "/" + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string_view> paths() {
  std::vector<std::string_view> result;
  for (const PageFile& file : page_files()) {
    result.push_back(file.path);
  }
  return result;
}

TEST(Page, StandsAtTheRootWithWhatItNeedsBelowPage) {
  EXPECT_THAT(paths(), testing::ElementsAre("/", "/page/style.css", "/page/page.js"));
}

TEST(Page, EachFileIsServedWhole) {
  const std::vector<std::string> names{"index.html", "style.css", "page.js"};
  ASSERT_EQ(page_files().size(), names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    EXPECT_FALSE(page_files()[i].content.empty()) << names[i];
    // Not EXPECT_EQ: it would print both files.
    EXPECT_TRUE(page_files()[i].content == source(names[i])) << names[i];
  }
}

TEST(Page, EachFileSaysWhatItIs) {
  std::vector<std::string_view> types;
  for (const PageFile& file : page_files()) {
    types.push_back(file.content_type);
  }
  EXPECT_THAT(types, testing::ElementsAre("text/html; charset=utf-8", "text/css; charset=utf-8",
                                          "text/javascript; charset=utf-8"));
}

TEST(Page, TheMarkupAsksForNothingButItsOwnFiles) {
  const std::string_view markup = page_files()[0].content;
  EXPECT_EQ(markup.find("style="), std::string_view::npos);
  EXPECT_EQ(markup.find("<style"), std::string_view::npos);
  for (const PageFile& file : page_files().subspan(1)) {
    // Relative, so that the page also works below a path of somebody's proxy.
    EXPECT_NE(markup.find('"' + std::string(file.path.substr(1)) + '"'), std::string_view::npos) << file.path;
  }
}

TEST(EmbeddedFile, HoldsEveryByte) {
  std::string every;
  for (int byte = 0; byte < 256; ++byte) {
    every.push_back(static_cast<char>(byte));
  }
  EXPECT_EQ(embedded_for_test::every_byte_bin, every);
}

TEST(EmbeddedFile, MayBeEmpty) { EXPECT_EQ(embedded_for_test::empty_txt, ""); }

}  // namespace
}  // namespace ferry::proxy
