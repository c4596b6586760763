#include "proxy/manual/complete.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "proxy/cli/command_line.h"
#include "proxy/cli/service_sort.h"

namespace ferry::manual {

namespace {

using Candidates = std::vector<Completion::Candidate>;

constexpr std::size_t kLongestHint = 60;

/// The beginning of an explanation, as far as it says something by itself.
std::string hint_of(const std::string& meaning) {
  std::size_t end = meaning.size();
  for (const std::string_view stop : {". ", "; ", ": ", " ("}) end = std::min(end, meaning.find(stop));
  if (end <= kLongestHint) return meaning.substr(0, end);
  return meaning.substr(0, meaning.rfind(' ', kLongestHint - 3)) + "...";
}

const Command* find_command(const Manual& manual, const std::string& name) {
  const auto found = std::find_if(manual.commands.begin(), manual.commands.end(),
                                  [&](const Command& one) { return one.name == name; });
  return found == manual.commands.end() ? nullptr : &*found;
}

/// What may be given to the command; null: to the daemon.
std::vector<Flag> flags_of(const Manual& manual, const Command* command) {
  if (command == nullptr) return manual.flags;
  std::vector<Flag> flags = command->flags;
  // It takes the daemon's beside its own.
  if (command->name == "check") {
    std::copy_if(manual.flags.begin(), manual.flags.end(), std::back_inserter(flags),
                 [](const Flag& flag) { return flag.group != "Others"; });
  }
  return flags;
}

const Flag* find_flag(const std::vector<Flag>& flags, const std::string& word) {
  const auto found = std::find_if(flags.begin(), flags.end(), [&](const Flag& flag) {
    return word == flag.name || (!flag.short_name.empty() && word == flag.short_name);
  });
  return found == flags.end() ? nullptr : &*found;
}

class Completer {
 public:
  Completer(const Manual& manual, std::vector<std::string> words, const AskForServices& ask)
      : manual_(manual), words_(std::move(words)), ask_(ask) {
    current_ = words_.empty() ? std::string() : words_.back();
    if (!words_.empty()) words_.pop_back();
  }

  Completion complete() && {
    const Command* const command = words_.empty() ? nullptr : find_command(manual_, words_.front());
    const std::vector<Flag> flags = flags_of(manual_, command);
    read(flags, command != nullptr);
    if (awaited_ != nullptr) {
      add_values(*awaited_);
    } else if (const auto equals = current_.find('='); current_.starts_with("--") && equals != std::string::npos) {
      const Flag* const flag = find_flag(flags, current_.substr(0, equals));
      current_.erase(0, equals + 1);
      if (flag != nullptr) add_values(*flag);
    } else if (current_.starts_with('-')) {
      for (const Flag& flag : flags) add(flag.name, hint_of(flag.meaning));
    } else if (command != nullptr) {
      add_words(*command);
    } else if (words_.empty()) {
      for (const Command& one : manual_.commands) add(one.name, hint_of(one.description));
    }
    return std::move(completion_);
  }

 private:
  /// Tells flags with their values from words.
  void read(const std::vector<Flag>& flags, bool after_command) {
    for (std::size_t at = after_command ? 1 : 0; at < words_.size(); ++at) {
      const std::string& word = words_[at];
      if (!word.starts_with('-')) {
        positional_.push_back(word);
        continue;
      }
      const auto equals = word.find('=');
      const Flag* const flag = find_flag(flags, word.substr(0, equals));
      if (flag == nullptr || flag->value.empty()) continue;
      if (equals != std::string::npos) {
        remember(*flag, word.substr(equals + 1));
      } else if (at + 1 == words_.size()) {
        awaited_ = flag;
      } else {
        remember(*flag, words_[++at]);
      }
    }
  }

  void remember(const Flag& flag, const std::string& value) {
    if (flag.name == "--socket") socket_ = value;
  }

  void add(const std::string& text, std::string hint = {}) {
    if (text.starts_with(current_)) completion_.candidates.push_back({text, std::move(hint)});
  }

  void add_values(const Flag& flag) {
    const std::string& value = flag.value;
    if (value == "FILE" || value == "PATH") {
      completion_.files = true;
    } else if (value == "KEY") {
      for (const cli::SortKey key : cli::kSortKeys) add(std::string(cli::name_of(key)));
    } else if (value == "NAMESPACE") {
      add_namespaces();
    } else if (value.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_|") == std::string::npos) {
      add_alternatives(value);
    }
  }

  void add_alternatives(std::string_view alternatives) {
    while (!alternatives.empty()) {
      const std::string_view one = alternatives.substr(0, alternatives.find('|'));
      alternatives.remove_prefix(std::min(alternatives.size(), one.size() + 1));
      add(std::string(one));
    }
  }

  void add_words(const Command& command) {
    const std::size_t place = positional_.size();
    if (command.name == "completion" && place == 0) add_alternatives("bash|zsh|fish");
    if (command.name == "get" && place == 0) add_alternatives("services|endpoints|connections");
    if (command.name == "set" && place == 0) add("log-level");
    if (command.name == "set" && place == 1) add_alternatives("0|1|2|3|4|5|6|7|8|9|10");
    if (command.name == "probe" && place == 0) add_alternatives("livez|healthz");
    const bool of_service = (command.name == "get" && place == 1) || (command.name == "explain" && place == 0);
    if (!of_service) return;
    for (const std::string& name : ask_(socket(), current_)) add(name);
  }

  void add_namespaces() {
    std::vector<std::string> names;
    for (const std::string& name : ask_(socket(), current_)) names.push_back(name.substr(0, name.find('/')));
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    for (const std::string& name : names) add(name);
  }

  std::string socket() const {
    if (!socket_.empty()) return socket_;
    const char* const set = std::getenv("KUBE_FERRY_SOCKET");
    return set == nullptr || *set == '\0' ? cli::kDefaultSocket : set;
  }

  const Manual& manual_;
  std::vector<std::string> words_;
  const AskForServices& ask_;
  std::string current_;
  std::vector<std::string> positional_;
  const Flag* awaited_ = nullptr;
  std::string socket_;
  Completion completion_;
};

}  // namespace

Completion complete(const Manual& manual, std::vector<std::string> words, const AskForServices& ask) {
  return Completer(manual, std::move(words), ask).complete();
}

std::string to_lines(const Completion& completion) {
  if (completion.files) return ":files\n";
  std::string lines;
  for (const auto& [text, hint] : completion.candidates) {
    lines += text;
    if (!hint.empty()) lines.append("\t").append(hint);
    lines += "\n";
  }
  return lines;
}

}  // namespace ferry::manual
