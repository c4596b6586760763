#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "tests/apiserver/recordings/recording.h"

namespace ferry::testing {

/// A request as curl would make it.
struct Request {
  std::string method = "GET";
  std::string target{};
  std::string body{};
  /// Further header lines, "Name: value".
  std::vector<std::string> headers{};
};

/// One request on a connection of its own, and its answer as far as it has come: a watch is read while it is open.
/// Everything happens as the loop runs, which must outlive the exchange.
class Exchange {
 public:
  Exchange(boost::asio::io_context& loop, const std::string& address, const Request& request);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  /// The header has come.
  [[nodiscard]] bool has_header() const;
  /// Nothing more will come: the answer is whole, or the connection is gone.
  [[nodiscard]] bool is_over() const;
  /// The lines of the body so far.
  [[nodiscard]] std::size_t lines() const;
  [[nodiscard]] Answer answer() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// Runs the loop until the condition holds; false when that takes longer than `limit`.
bool run_until(boost::asio::io_context& loop, const std::function<bool()>& condition,
               std::chrono::seconds limit = std::chrono::seconds(30));

}  // namespace ferry::testing
