#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_set>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ssl/context.hpp>

#include "watch/rest/client_config.h"
#include "watch/rest/connection.h"
#include "watch/rest/tls.h"

namespace ferry::watch {

/// The connections to one API server: those in use, and a few idle ones kept for the next request.
class ConnectionPool {
 public:
  /// `config` outlives the pool.
  ConnectionPool(boost::asio::any_io_executor executor, const ClientConfig& config)
      : executor_(std::move(executor)), config_(config), tls_(config) {}

  /// A connection in use; it leaves the pool's list of those when it goes.
  class Lease {
   public:
    Lease() = default;
    Lease(ConnectionPool& pool, std::unique_ptr<Connection> connection, bool reused);
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease();

    Connection& operator*() const { return *connection_; }
    Connection* operator->() const { return connection_.get(); }
    /// It has served a request before, so its end may have been closed meanwhile.
    bool reused() const { return reused_; }
    /// The answer is complete: keep the connection for the next request.
    void give_back();

   private:
    ConnectionPool* pool_ = nullptr;
    std::unique_ptr<Connection> connection_;
    bool reused_ = false;
  };

  /// An idle connection, or a new one; always a new one when `fresh`.
  boost::asio::awaitable<Result<Lease>> acquire(bool fresh);

  /// Ends every connection, in use or idle, and makes acquire() fail from now on.
  void close();
  bool closed() const { return closed_; }
  std::uint64_t opened() const { return opened_; }

 private:
  struct Idle {
    std::unique_ptr<Connection> connection;
    std::chrono::steady_clock::time_point since;
  };

  void drop_outdated(const std::shared_ptr<boost::asio::ssl::context>& tls);

  static constexpr std::size_t kMostIdle = 4;
  // Shorter than what servers and load balancers between allow, so that a kept connection is seldom a dead one.
  static constexpr std::chrono::seconds kLongestIdle{30};

  boost::asio::any_io_executor executor_;
  const ClientConfig& config_;
  TlsContexts tls_;
  std::shared_ptr<boost::asio::ssl::context> last_tls_;
  std::vector<Idle> idle_;
  std::unordered_set<Connection*> in_use_;
  std::uint64_t opened_ = 0;
  bool closed_ = false;
};

}  // namespace ferry::watch
