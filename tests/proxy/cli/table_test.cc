#include "proxy/cli/table.h"

#include <gtest/gtest.h>

namespace ferry::cli {
namespace {

TEST(Table, WithoutRowsIsItsHeaders) { EXPECT_EQ((Table{{{"NAME"}, {"OPEN", true}}, {}}).to_text(), "NAME   OPEN\n"); }

TEST(Table, ColumnsAreAsWideAsTheirWidestCell) {
  const Table table{{{"NAME"}, {"OPEN", true}, {"WHY"}}, {{"web", "12345", "not ready"}, {"a-long-name", "1", ""}}};
  EXPECT_EQ(table.to_text(),
            "NAME           OPEN   WHY\n"
            "web           12345   not ready\n"
            "a-long-name       1   -\n");
}

TEST(Table, NoLineEndsInSpaces) {
  const Table table{{{"NAME"}, {"WHY"}}, {{"web", "a long reason"}, {"db", "short"}}};
  EXPECT_EQ(table.to_text(),
            "NAME   WHY\n"
            "web    a long reason\n"
            "db     short\n");
}

}  // namespace
}  // namespace ferry::cli
