#include "proxy/cli/top.h"

#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <thread>

#include <fcntl.h>
#include <spdlog/fmt/fmt.h>
#include <unistd.h>

#include "proxy/cli/admin_client.h"
#include "proxy/cli/decode.h"
#include "proxy/cli/service_list.h"
#include "proxy/cli/service_tables.h"
#include "proxy/cli/top_model.h"
#include "proxy/cli/top_screen.h"
#include "proxy/cli/top_view.h"

namespace ferry::cli {

namespace {

/// What one table of --batch holds at most; it has no screen to fit.
constexpr std::size_t kBatchRows = 50;

/// The same requests that the screen makes, of a screen with that many rows.
class BatchTables {
 public:
  explicit BatchTables(const TopOptions& options)
      : socket_(options.socket), model_(options.sort, options.namespace_name) {
    // Rows beside the body's come on top.
    const std::size_t around = model_.state().rows - body_rows(model_.state());
    model_.resize(model_.state().columns, kBatchRows + around);
  }

  /// One table; false with a sentence when there is none.
  bool print(const Output& output) {
    const std::string target = model_.target();
    const Answer status = ask_and_wait(socket_, "/api/status");
    if (std::holds_alternative<Json>(status)) {
      model_.take(target, status, ask_and_wait(socket_, target));
    } else {
      model_.take(target, status, Json());
    }
    const TopState& state = model_.state();
    if (!state.trouble.empty()) {
      output.note(state.trouble);
      return false;
    }
    std::vector<ServicePort> rows = state.list.items;
    rows.resize(std::min(rows.size(), kBatchRows));
    output.out << totals_line(state.status.value_or(Status{})) << '\n'
               << services_table(rows, false).to_text() << std::flush;
    return true;
  }

 private:
  std::string socket_;
  TopModel model_;
};

int run_batch(const TopOptions& options, const Output& output) {
  BatchTables tables(options);
  if (!tables.print(output)) return EXIT_FAILURE;
  while (options.mode == TopOptions::Mode::kBatch && output.out.good()) {
    std::this_thread::sleep_for(options.interval);
    output.out << '\n';
    tables.print(output);
  }
  return EXIT_SUCCESS;
}

bool terminal_moves_its_cursor() {
  const char* const name = std::getenv("TERM");
  return name != nullptr && *name != '\0' && std::string_view(name) != "dumb";
}

}  // namespace

int top(const TopOptions& options, const Output& output) {
  if (options.mode != TopOptions::Mode::kScreen) return run_batch(options, output);
  if (isatty(STDOUT_FILENO) == 0 || !terminal_moves_its_cursor()) {
    output.note(
        "top draws on a terminal, and its output is none; print tables instead with --batch, or one with --once");
    return EXIT_FAILURE;
  }
  // A terminal's own descriptor: keys are read without waiting, which the shell's must not be made to do.
  const int keys = open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (keys < 0) {
    output.note("top reads keys from a terminal, and this process has none; print tables instead with --batch");
    return EXIT_FAILURE;
  }
  // Before the screen is taken: why there is nothing to show is to stay readable.
  const Answer first = ask_and_wait(options.socket, "/api/status");
  if (const auto* const error = std::get_if<AskError>(&first)) {
    close(keys);
    output.note(error->sentence);
    return EXIT_FAILURE;
  }
  return TopScreen(options, keys, STDOUT_FILENO).run();
}

}  // namespace ferry::cli
