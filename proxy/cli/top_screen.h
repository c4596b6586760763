#pragma once

#include <exception>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "proxy/cli/command_line.h"
#include "proxy/cli/keys.h"
#include "proxy/cli/screen.h"
#include "proxy/cli/top_model.h"

namespace ferry::cli {

/// The shell around TopModel: brings it keys, sizes and answers, and does what it wishes. Holds the screen as long as
/// it lives.
class TopScreen {
 public:
  /// Takes over `keys`, the terminal open for reading; writes to `output`.
  TopScreen(const TopOptions& options, int keys, int output);

  /// Until a key or a signal ends it: 0, or 128 and the signal's number. Throws what the terminal throws.
  int run();

 private:
  boost::asio::awaitable<void> keep_asking();
  boost::asio::awaitable<void> read_keys();
  boost::asio::awaitable<void> await_escape();
  boost::asio::awaitable<void> watch_signals();

  void start(boost::asio::awaitable<void> task);
  void press(const std::vector<KeyPress>& keys);
  void act(TopModel::Wish wish);
  void take_size();
  void suspend();
  void end(int exit_code);

  std::string socket_;
  std::chrono::milliseconds interval_;
  /// Ends with everything that waits on it: what is below is gone by then, and is not touched by it.
  boost::asio::io_context loop_{1};
  boost::asio::posix::stream_descriptor keys_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer next_ask_;
  boost::asio::steady_timer escape_;
  Screen screen_;
  TopModel model_;
  KeyDecoder decoder_;
  /// Something else is to be asked for than what was.
  bool ask_again_ = false;
  int exit_code_ = 0;
  std::exception_ptr failure_;
};

}  // namespace ferry::cli
