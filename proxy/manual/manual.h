#pragma once

#include <string>
#include <vector>

/// What is written about kube-ferry's command line, from the definitions that parse it: docs/flags.md, the man page and
/// what shells complete.
namespace ferry::manual {

struct Flag {
  /// With its dashes: "--output".
  std::string name;
  /// "-o"; empty without.
  std::string short_name;
  /// What is written behind it: "FILE", "auto|v1beta1"; empty for a flag that says all by being there.
  std::string value;
  /// What counts without it; empty when nothing does.
  std::string fallback;
  /// Sentences, without a stop at the end.
  std::string meaning;
  /// Under which heading it stands; empty for a command's.
  std::string group;

  friend bool operator==(const Flag&, const Flag&) = default;
};

struct Command {
  /// "get"
  std::string name;
  /// "kube-ferry get services [PATTERN] [OPTIONS]", one for each way to call it.
  std::vector<std::string> usage;
  std::string description;
  std::vector<Flag> flags;
};

struct Manual {
  /// The daemon's, in the order of --help.
  std::vector<Flag> flags;
  /// kube-proxy's that are accepted and say nothing.
  std::vector<std::string> accepted;
  std::vector<Command> commands;
};

Manual read_manual();

}  // namespace ferry::manual
