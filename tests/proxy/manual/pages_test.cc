#include "proxy/manual/pages.h"

#include <algorithm>
#include <sstream>

#include <CLI/CLI.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/options/options.h"

namespace ferry::manual {
namespace {

using ::testing::HasSubstr;

const Flag& flag(const Manual& manual, const std::string& name) {
  return *std::find_if(manual.flags.begin(), manual.flags.end(), [&](const Flag& one) { return one.name == name; });
}

TEST(Manual, TakesAFlagApart) {
  const Manual manual = read_manual();
  const Flag half_close = flag(manual, "--half-close-timeout");
  EXPECT_EQ(half_close.value, "DURATION");
  EXPECT_EQ(half_close.fallback, "15m");
  EXPECT_EQ(half_close.meaning, "Close a connection of which one side has finished when no byte moved for this long");
  EXPECT_EQ(half_close.group, "Connections");
  EXPECT_EQ(flag(manual, "--dead-peer-timeout").fallback, "30s");
  EXPECT_THAT(flag(manual, "--dead-peer-timeout").meaning,
              HasSubstr("ought to answer. 0 leaves it to the kernel, which"));
  EXPECT_THAT(flag(manual, "--proxy-protocol-from").meaning, HasSubstr("load-balancer addresses"));
  EXPECT_EQ(flag(manual, "--v").short_name, "-v");
}

/// What --help says is the default is the one that counts.
TEST(Manual, DefaultsAreThoseInForce) {
  const Manual manual = read_manual();
  proxy::show_flags([&](const CLI::App& app) {
    for (const CLI::Option* const option : app.get_options()) {
      const std::string in_force = option->get_default_str();
      if (in_force.empty() || in_force == "false" || in_force == "[]" || in_force == "\"\"") continue;
      const std::string name = "--" + option->get_lnames().front();
      EXPECT_EQ(flag(manual, name).fallback, in_force) << name;
    }
  });
}

TEST(FlagsPage, HasARowForEachFlagOfEachCommand) {
  const Manual manual = read_manual();
  const std::string page = flags_page(manual);
  EXPECT_THAT(page, HasSubstr("\n| `--workers N` | Threads that carry connections | one a core |\n"));
  EXPECT_THAT(page, HasSubstr("\n| `-v, --v LEVEL` | "));
  EXPECT_THAT(page, HasSubstr("`--capture auto\\|sk_lookup\\|bind`"));
  EXPECT_THAT(page, HasSubstr("\n- `--proxy-mode`\n"));
  for (const Command& command : manual.commands) {
    EXPECT_THAT(page, HasSubstr("\n## kube-ferry " + command.name + "\n"));
    for (const Flag& one : command.flags) EXPECT_THAT(page, HasSubstr(one.name));
  }
}

TEST(AnnotationsPage, HasTheTableAnewAndTheRestAsItWas) {
  const std::string head = "before\n| annotation | values | without it | meaning |\n|---|---|---|---|\n";
  const std::string page = annotations_page(head + "| `gone` | a | b | c |\n\nafter\n");
  EXPECT_THAT(page, ::testing::StartsWith(head + "| `dead-peer-timeout` | "));
  EXPECT_THAT(page, ::testing::EndsWith(" |\n\nafter\n"));
  EXPECT_THAT(page, ::testing::Not(HasSubstr("`gone`")));
  EXPECT_THROW(annotations_page("no table"), std::runtime_error);
}

TEST(ManPage, LeavesNoMarkAndNoLineThatRoffWouldTakeForARequest) {
  const Manual manual{
      {{"--a", "-a", "FILE", ".5", "Begins .so, and has \\ and 'quotes'. A second sentence", "One"}}, {"--old"}, {}};
  const std::string page = man_page(manual, "@VERSION@\n@SYNOPSIS@\n@OPTIONS@\n@ACCEPTED@\n@COMMANDS@\n", "1.0");
  EXPECT_EQ(
      page,
      "1.0\n.B kube\\-ferry\n.RI [ FLAGS ]\n.SS One\n.TP\n.B \\-a, \\-\\-a \\fIFILE\\fP\nBegins .so, and has \\e and "
      "'quotes'.\nA second sentence.\nDefault: .5.\n\\-\\-old.\n");
}

TEST(ManPage, LinesAreShort) {
  const std::string page = man_page(read_manual(), "@OPTIONS@\n@COMMANDS@\n@ACCEPTED@\n", "");
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80U) << line;
}

}  // namespace
}  // namespace ferry::manual
