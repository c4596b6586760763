#include "proxy/manual/manual.h"

#include <string_view>
#include <utility>

#include <CLI/CLI.hpp>

#include "proxy/cli/command_line.h"
#include "proxy/daemon/check_command.h"
#include "proxy/manual/completion_command.h"
#include "proxy/options/inert_flags.h"
#include "proxy/options/options.h"

namespace ferry::manual {

namespace {

/// A help text's lines as one. A word divided at a hyphen has no blank there.
std::string joined(const std::string& lines) {
  std::string text;
  for (const char c : lines) {
    if (c != '\n') {
      text += c;
    } else if (!text.empty() && (!text.ends_with('-') || text.ends_with(" -"))) {
      text += ' ';
    }
  }
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

/// Takes "(default 30s; 0 leaves it to the kernel)" out of an explanation: the default is "30s", and what else the
/// brackets say becomes a sentence of its own.
std::string take_default(std::string& meaning) {
  constexpr std::string_view kMark = "(default";
  const auto begin = meaning.find(kMark);
  const auto end = meaning.find(')', begin);
  if (begin == std::string::npos || end == std::string::npos) return {};
  std::string inside = meaning.substr(begin + kMark.size(), end - begin - kMark.size());
  inside.erase(0, inside.find_first_not_of(": "));
  std::string before = meaning.substr(0, begin);
  while (before.ends_with(' ')) before.pop_back();
  const auto semicolon = inside.find("; ");
  std::string rest = semicolon == std::string::npos ? std::string() : ". " + inside.substr(semicolon + 2);
  if (rest.size() > 2 && rest[2] >= 'a' && rest[2] <= 'z') rest[2] = static_cast<char>(rest[2] - 'a' + 'A');
  meaning = before + rest + meaning.substr(end + 1);
  return inside.substr(0, semicolon);
}

Flag read_flag(const CLI::Option& option) {
  Flag flag;
  flag.name = "--" + option.get_lnames().front();
  if (!option.get_snames().empty()) flag.short_name = "-" + option.get_snames().front();
  flag.value = option.get_option_text();
  flag.meaning = joined(option.get_description());
  flag.fallback = take_default(flag.meaning);
  flag.group = option.get_group();
  return flag;
}

Command read_command(const CLI::App& app) {
  constexpr std::string_view kProgram = "kube-ferry ";
  constexpr std::string_view kUsage = "Usage: ";
  Command command;
  command.name = app.get_name().substr(kProgram.size());
  command.description = joined(app.get_description());
  std::string usage = std::dynamic_pointer_cast<CLI::Formatter>(app.get_formatter())->make_usage(&app, app.get_name());
  usage.erase(0, kUsage.size());
  while (!usage.empty()) {
    const auto end = usage.find('\n');
    command.usage.push_back(usage.substr(0, end));
    usage.erase(0, usage.find_first_not_of("\n ", end));
  }
  for (const CLI::Option* const option : app.get_options()) {
    if (option->get_lnames().empty() || option->get_group().empty()) continue;
    command.flags.push_back(read_flag(*option));
    command.flags.back().group.clear();
  }
  return command;
}

}  // namespace

Manual read_manual() {
  Manual manual;
  proxy::show_flags([&manual](const CLI::App& app) {
    for (const CLI::Option* const option : app.get_options()) {
      if (option->get_group() == proxy::kInertGroup) {
        manual.accepted.push_back("--" + option->get_lnames().front());
      } else {
        manual.flags.push_back(read_flag(*option));
      }
    }
  });
  const auto keep = [&manual](const CLI::App& app) { manual.commands.push_back(read_command(app)); };
  cli::show_commands(keep);
  proxy::show_check_flags(keep);
  show_completion_flags(keep);
  return manual;
}

}  // namespace ferry::manual
