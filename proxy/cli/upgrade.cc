#include "proxy/cli/upgrade.h"

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <variant>

#include <spdlog/fmt/fmt.h>

#include "proxy/cli/text.h"
#include "proxy/settings/duration.h"

namespace ferry::cli {

namespace {

constexpr const char* kTarget = "/api/upgrade";
/// Between two looks at how it goes.
constexpr std::chrono::milliseconds kLook{50};

/// A process and the one that it has started to take its place (docs/api.md).
struct State {
  std::int64_t pid = 0;
  std::string version;
  bool serving = false;
  std::int64_t successor = 0;
  /// How that one ended; empty while it runs.
  std::string ended;
};

std::optional<State> decode(const Json& json) {
  const auto pid = json.find("pid");
  const auto version = json.find("version");
  const auto serving = json.find("serving");
  if (pid == json.end() || !pid->is_number_integer() || version == json.end() || !version->is_string() ||
      serving == json.end() || !serving->is_boolean()) {
    return std::nullopt;
  }
  State state{pid->get<std::int64_t>(), printable(version->get<std::string>()), serving->get<bool>(), 0, {}};
  if (const auto next = json.find("successor"); next != json.end() && next->is_object()) {
    if (const auto number = next->find("pid"); number != next->end() && number->is_number_integer()) {
      state.successor = number->get<std::int64_t>();
    }
    if (const auto end = next->find("ended"); end != next->end() && end->is_string()) {
      state.ended = printable(end->get<std::string>());
    }
  }
  return state;
}

/// How it ended, once it has: a sentence, and whether that is good.
struct Outcome {
  bool good = false;
  std::string sentence;
};

std::optional<Outcome> outcome(const State& before, const State& now) {
  if (now.pid == before.successor) {
    if (!now.serving) return std::nullopt;
    return Outcome{true, fmt::format("process {} (version {}) has taken the place of process {} (version {})", now.pid,
                                     now.version, before.pid, before.version)};
  }
  if (now.pid != before.pid) {
    return Outcome{false, fmt::format("process {} serves now, which neither was there nor was started here", now.pid)};
  }
  if (now.successor != before.successor || now.ended.empty()) return std::nullopt;
  return Outcome{false, fmt::format("process {} ended ({}) before it could serve, and its log tells why; process {} "
                                    "goes on as before",
                                    before.successor, now.ended, before.pid)};
}

Outcome wait_for_outcome(const State& before, const UpgradeOptions& options, const Ask& ask, const UpgradePace& pace) {
  const auto deadline = pace.now() + options.timeout;
  while (pace.now() < deadline) {
    pace.sleep(kLook);
    // Who asks just when one leaves the socket to the other may get no answer.
    const Answer answer = ask(kTarget);
    if (const auto* const error = std::get_if<AskError>(&answer)) {
      if (error->kind == AskError::Kind::kPermission) return {false, error->sentence};
      continue;
    }
    const auto now = decode(std::get<Json>(answer));
    if (!now) continue;
    if (auto made = outcome(before, *now)) return std::move(*made);
  }
  return {false, fmt::format("process {} has not taken the place of process {} within {}; it still may, and its log "
                             "tells what it waits for",
                             before.successor, before.pid, proxy::format_duration(options.timeout))};
}

}  // namespace

int upgrade(const UpgradeOptions& options, const Ask& ask, const Put& put, const UpgradePace& pace,
            const Output& output) {
  const Answer answer = put(kTarget, "");
  if (const auto* const error = std::get_if<AskError>(&answer)) {
    output.note(error->sentence);
    return EXIT_FAILURE;
  }
  const auto before = decode(std::get<Json>(answer));
  if (!before || before->successor == 0) {
    output.note("the kube-ferry that runs did not say what it has started; its log may tell");
    return EXIT_FAILURE;
  }
  const Outcome made = wait_for_outcome(*before, options, ask, pace);
  if (!made.good) {
    output.note(made.sentence);
    return EXIT_FAILURE;
  }
  output.out << made.sentence << '\n';
  return EXIT_SUCCESS;
}

}  // namespace ferry::cli
