#pragma once

#include <functional>
#include <string>
#include <vector>

#include "proxy/manual/manual.h"

namespace ferry::manual {

/// What may stand in the place of a word that is being written.
struct Completion {
  struct Candidate {
    std::string text;
    /// A few words; may be empty.
    std::string hint;

    friend bool operator==(const Candidate&, const Candidate&) = default;
  };

  std::vector<Candidate> candidates;
  /// The shell's own names of files.
  bool files = false;

  friend bool operator==(const Completion&, const Completion&) = default;
};

/// Services whose `namespace/name` begins so, as the daemon that answers at the socket knows them.
using AskForServices = std::function<std::vector<std::string>(const std::string& socket, const std::string& beginning)>;

/// `words`: what stands behind the program's name up to the cursor, the last one being written (perhaps empty yet). Of
/// a word like `--capture=s`, what stands behind the equals sign is completed.
Completion complete(const Manual& manual, std::vector<std::string> words, const AskForServices& ask);

/// As the scripts read it: a candidate a line, with a tab before its hint; `:files` for names of files.
std::string to_lines(const Completion& completion);

}  // namespace ferry::manual
