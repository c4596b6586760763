#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "watch/rest/api_error.h"
#include "watch/rest/client_config.h"

namespace ferry::watch {

/// What is common to every request to an API server: the URL, headers, credentials, TLS, connections kept alive,
/// deadlines, and Status answers turned into typed errors. Belongs to the thread that runs its executor; its coroutines
/// must end before it does (see close()).
class RestClient {
 public:
  /// Takes the next bytes of a body. False: enough, the rest is not wanted and the connection is given up.
  using OnBytes = std::function<bool(std::string_view)>;

  struct GetOptions {
    /// Silence allowed until the next part of the answer, asked before each; absent: the configuration's read_timeout.
    std::function<std::chrono::milliseconds()> read_timeout{};
    /// Offer to take the answer compressed. The bytes handed over are plain either way.
    bool compressed = true;
  };

  RestClient(boost::asio::any_io_executor executor, ClientConfig config);
  ~RestClient();
  RestClient(const RestClient&) = delete;
  RestClient& operator=(const RestClient&) = delete;

  /// Asks for `target` (a path with its query, the base path is put before it) and hands the body of a 2xx answer over
  /// as it comes, decompressed. Success means that the body is complete. Any other status is an error of kind kStatus;
  /// redirects are not followed. The memory held does not grow with the body; between its parts other work of the
  /// executor gets its turn. Cancelled while it waits: kCancelled.
  boost::asio::awaitable<Result<void>> get(std::string target, GetOptions options, OnBytes on_bytes);

  /// The same for a small document: more than 8 MiB is a kProtocol error.
  boost::asio::awaitable<Result<std::string>> get_document(std::string target);

  /// Posts a JSON document and gives the answer's, bounded likewise. It may reach the server twice: what is posted asks
  /// and changes nothing.
  boost::asio::awaitable<Result<std::string>> post_document(std::string target, std::string document);
  /// Requests that begin from now on go by this configuration; those under way end as they began.
  void use(ClientConfig config);

  /// Ends every request under way and refuses new ones (kCancelled). Idle connections are closed.
  void close();

  const ClientConfig& config() const;
  const boost::asio::any_io_executor& executor() const;
  /// Connections opened since the start, for tests and metrics.
  std::uint64_t connections_opened() const;

 private:
  class Impl;

  boost::asio::awaitable<Result<void>> send(std::string target, std::string document, GetOptions options,
                                            OnBytes on_bytes);
  boost::asio::awaitable<Result<std::string>> send_for_document(std::string target, std::string document);

  std::shared_ptr<Impl> impl_;
};

}  // namespace ferry::watch
