#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include <sys/types.h>

namespace ferry::testing {

/// What a command left behind.
struct Outcome {
  /// The exit code; 128 and the number of the signal when one ended it.
  int code = -1;
  std::string out;
  std::string err;
};

/// A child process whose output a test waits on. It is killed, by its id, and joined on destruction.
class Command {
 public:
  using Environment = std::map<std::string, std::string>;

  /// Starts `arguments` (the program's path first) with exactly this environment and `input` as its standard input.
  /// Throws std::runtime_error when it cannot be started.
  Command(const std::vector<std::string>& arguments, const Environment& environment, const std::string& input = {});
  ~Command();
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  /// Waits until the output holds `text` and the rest of the line that `text` ends in; false when it ended, or `limit`
  /// passed, without.
  bool wait_for_output(const std::string& text, std::chrono::seconds limit = std::chrono::seconds(30));
  /// Waits for the end. One that takes longer than `limit` is killed, which its code shows.
  Outcome finish(std::chrono::seconds limit = std::chrono::seconds(60));
  /// Asks it to end (SIGTERM) and waits.
  Outcome stop();

  [[nodiscard]] const std::string& output() const { return outcome_.out; }
  [[nodiscard]] const std::string& errors() const { return outcome_.err; }

 private:
  using Deadline = std::chrono::steady_clock::time_point;

  /// Reads what comes next from either stream; false when both are closed or the deadline has passed.
  bool read_some(Deadline deadline);
  void join();

  pid_t pid_ = -1;
  int out_ = -1;
  int err_ = -1;
  Outcome outcome_;
};

}  // namespace ferry::testing
