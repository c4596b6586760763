#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/apiserver/kubectl/command.h"

namespace ferry::testing {

/// A kubectl that the tests run.
struct Kubectl {
  std::string path;
  /// "v1.20.2"
  std::string version;
};

/// The distribution's, unpacked by fetch-kubectl, and the machine's; one where both have the same version.
const std::vector<Kubectl>& all_kubectls();

/// A mock API server of its own and one kubectl, in a home of its own. Every command runs as it stands: no flag
/// switches a check off.
class Session {
 public:
  Session(const Kubectl& kubectl, const std::vector<std::string>& server_flags);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  [[nodiscard]] const Kubectl& kubectl() const { return kubectl_; }
  [[nodiscard]] const std::string& url() const { return url_; }
  /// Further variables for kubectl.
  Command::Environment& environment() { return environment_; }

  /// Runs `kubectl WORDS…`.
  Outcome run(const std::vector<std::string>& words, const std::string& input = {});
  /// The same, and expects it to succeed; its output without the last line break.
  std::string ok(const std::vector<std::string>& words, const std::string& input = {});
  /// The same, and expects it to fail; what it wrote to its standard error.
  std::string fails(const std::vector<std::string>& words, const std::string& input = {});
  /// Writes a pod's status as its node's kubelet would: it runs at this address and is ready.
  void set_pod_running(const std::string& pod, const std::string& ip);
  /// Starts `kubectl WORDS…` and leaves it running.
  std::unique_ptr<Command> start(const std::vector<std::string>& words);
  /// Puts a file into the home; its path.
  std::string write_file(const std::string& name, const std::string& text);

 private:
  [[nodiscard]] std::vector<std::string> command_line(const std::vector<std::string>& words) const;

  Kubectl kubectl_;
  std::string home_;
  Command::Environment environment_;
  std::unique_ptr<Command> server_;
  std::string url_;
};

/// Runs a case with every kubectl there is, each against a fresh server.
void with_each_kubectl(const std::function<void(Session&)>& test_case,
                       const std::vector<std::string>& server_flags = {});

}  // namespace ferry::testing
