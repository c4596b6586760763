#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <regex>
#include <string>
#include <thread>
#include <vector>

#include <sys/types.h>

namespace ferry::testing {

/// A program started by a test. It dies with the test: killed when this object goes, and by the kernel when the test
/// itself is killed.
class ChildProcess {
 public:
  /// Starts `command` (the first word is a path, or is looked for in PATH). What it writes to its standard output and
  /// error is kept; `extra_environment` are further NAME=VALUE words; it finds copies of `descriptors` at 3, 4 and so
  /// on. Throws std::runtime_error when no process could be made.
  explicit ChildProcess(std::vector<std::string> command, std::vector<std::string> extra_environment = {},
                        const std::vector<int>& descriptors = {});
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// Waits until the whole lines it has written hold a match. The first group (the whole match when there is none);
  /// throws std::runtime_error with the output so far when the process ends or the time is over before.
  std::string wait_for_output(const std::string& pattern, std::chrono::seconds limit = std::chrono::seconds(20));

  void signal(int number) const;
  /// Waits for its end: the exit status, or 128 plus the signal's number. Throws std::runtime_error when it does not
  /// end in time.
  int wait(std::chrono::seconds limit = std::chrono::seconds(40));
  /// SIGKILL, and waits.
  void kill();

  bool running();
  pid_t pid() const { return pid_; }
  std::string output();

 private:
  void read_output();
  bool reap(bool block);

  std::string name_;
  pid_t pid_ = -1;
  int output_fd_ = -1;
  std::optional<int> status_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string output_;
  bool output_ended_ = false;
  std::thread reader_;
};

/// Runs a command to its end, and gives its status and its whole output.
struct Finished {
  int status = 0;
  std::string output;
};
Finished run(std::vector<std::string> command, std::vector<std::string> extra_environment = {});

}  // namespace ferry::testing
