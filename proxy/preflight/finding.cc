#include "proxy/preflight/finding.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>
#include <spdlog/fmt/fmt.h>

namespace ferry::proxy {

namespace {

using Level = Finding::Level;

constexpr std::size_t kColumns = 100;

std::string_view name_of(Level level) {
  switch (level) {
    case Level::kOk:
      return "ok";
    case Level::kWarning:
      return "warning";
    case Level::kError:
      return "error";
  }
  return "";
}

long count(const Findings& findings, Level level) {
  return std::count_if(findings.begin(), findings.end(), [&](const Finding& one) { return one.level == level; });
}

/// The text after what stands in the line already, on as many lines as it takes; each begins below the first.
std::string wrapped(std::string line, std::string_view text) {
  const std::string indent(line.size(), ' ');
  std::string whole;
  bool first = true;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (!first && line.size() + 1 + word.size() > kColumns) {
      whole += line + "\n";
      line = indent;
      first = true;
    }
    line += first ? "" : " ";
    line += word;
    first = false;
  }
  return whole + line + "\n";
}

std::string counted(long number, const char* what) {
  return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

}  // namespace

Finding ok(std::string about, std::string found) { return {Level::kOk, std::move(about), std::move(found), {}}; }

Finding warning(std::string about, std::string found, std::string remedy) {
  return {Level::kWarning, std::move(about), std::move(found), std::move(remedy)};
}

Finding error(std::string about, std::string found, std::string remedy) {
  return {Level::kError, std::move(about), std::move(found), std::move(remedy)};
}

bool has_errors(const Findings& findings) { return count(findings, Level::kError) > 0; }

std::string to_text(const Findings& findings) {
  std::size_t widest = 0;
  for (const Finding& one : findings) widest = std::max(widest, one.about.size());
  std::string text;
  for (const Finding& one : findings) {
    text += wrapped(fmt::format("{:<7}  {:<{}}  ", name_of(one.level), one.about, widest), one.found);
    if (!one.remedy.empty()) text += wrapped(fmt::format("{:<{}}", "", widest + 11) + "-> ", one.remedy);
  }
  return text + fmt::format("\n{}, {}, {} ok\n", counted(count(findings, Level::kError), "error"),
                            counted(count(findings, Level::kWarning), "warning"), count(findings, Level::kOk));
}

std::string to_json(const Findings& findings) {
  using Json = nlohmann::ordered_json;
  Json list = Json::array();
  for (const Finding& one : findings) {
    list.push_back({{"level", name_of(one.level)}, {"check", one.about}, {"found", one.found}, {"remedy", one.remedy}});
  }
  const Json whole = {{"errors", count(findings, Level::kError)},
                      {"warnings", count(findings, Level::kWarning)},
                      {"findings", std::move(list)}};
  return whole.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace ferry::proxy
