#include <algorithm>
#include <string_view>

#include <spdlog/fmt/fmt.h>

#include "proxy/manual/pages.h"

namespace ferry::manual {

namespace {

constexpr std::size_t kColumns = 78;

/// Text as roff takes it for text: a hyphen is a minus, as whoever copies a flag needs it.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

/// On lines that are short, each sentence beginning one, and none that roff would take for a request.
std::string paragraph(std::string_view text) {
  std::string whole;
  std::string line;
  const auto end_line = [&] {
    if (line.empty()) return;
    if (line.front() == '.' || line.front() == '\'') whole += "\\&";
    whole += line + "\n";
    line.clear();
  };
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    const std::string piece = escaped(word);
    if (line.size() + 1 + piece.size() > kColumns) end_line();
    line += (line.empty() ? "" : " ") + piece;
    if (word.ends_with('.')) end_line();
  }
  end_line();
  return whole;
}

std::string entry(const Flag& flag) {
  std::string text = ".TP\n.B ";
  if (!flag.short_name.empty()) text += escaped(flag.short_name) + ", ";
  text += escaped(flag.name);
  if (!flag.value.empty()) text += " \\fI" + escaped(flag.value) + "\\fP";
  text += "\n" + paragraph(flag.meaning + ".");
  if (!flag.fallback.empty()) text += paragraph("Default: " + flag.fallback + ".");
  return text;
}

std::string synopsis(const Manual& manual) {
  std::string text = ".B kube\\-ferry\n.RI [ FLAGS ]\n";
  for (const Command& command : manual.commands) {
    for (std::string_view usage : command.usage) {
      const std::string bold = "kube-ferry " + command.name;
      usage.remove_prefix(std::min(bold.size() + 1, usage.size()));
      text += ".br\n.B " + escaped(bold) + "\n";
      if (!usage.empty()) text += escaped(usage) + "\n";
    }
  }
  return text;
}

std::string options(const Manual& manual) {
  std::string text;
  std::string group;
  for (const Flag& flag : manual.flags) {
    if (flag.group != group) text += ".SS " + escaped(flag.group) + "\n";
    group = flag.group;
    text += entry(flag);
  }
  return text;
}

std::string commands(const Manual& manual) {
  std::string text;
  for (const Command& command : manual.commands) {
    text += fmt::format(".SS {}\n", command.name) + paragraph(command.description);
    for (const Flag& flag : command.flags) text += entry(flag);
  }
  return text;
}

std::string accepted(const Manual& manual) { return paragraph(fmt::format("{}.", fmt::join(manual.accepted, ", "))); }

void fill_in(std::string& page, const std::string& mark, const std::string& text) {
  const auto at = page.find(mark);
  if (at != std::string::npos) page.replace(at, mark.size(), text);
}

}  // namespace

std::string man_page(const Manual& manual, std::string page, const std::string& version) {
  fill_in(page, "@VERSION@", version);
  fill_in(page, "@SYNOPSIS@\n", synopsis(manual));
  fill_in(page, "@OPTIONS@\n", options(manual));
  fill_in(page, "@ACCEPTED@\n", accepted(manual));
  fill_in(page, "@COMMANDS@\n", commands(manual));
  return page;
}

}  // namespace ferry::manual
