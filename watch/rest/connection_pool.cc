#include "watch/rest/connection_pool.h"

#include <utility>

namespace ferry::watch {

namespace asio = boost::asio;

ConnectionPool::Lease::Lease(ConnectionPool& pool, std::unique_ptr<Connection> connection, bool reused)
    : pool_(&pool), connection_(std::move(connection)), reused_(reused) {
  pool_->in_use_.insert(connection_.get());
}

ConnectionPool::Lease::~Lease() {
  if (connection_) pool_->in_use_.erase(connection_.get());
}

void ConnectionPool::Lease::give_back() {
  pool_->in_use_.erase(connection_.get());
  if (!pool_->closed_ && pool_->idle_.size() < kMostIdle) {
    connection_->expires_after(std::chrono::milliseconds(0));
    pool_->idle_.push_back({std::move(connection_), std::chrono::steady_clock::now()});
  }
  connection_.reset();
}

asio::awaitable<Result<ConnectionPool::Lease>> ConnectionPool::acquire(bool fresh) {
  if (closed_) co_return ApiError::cancelled();
  std::shared_ptr<asio::ssl::context> tls;
  if (config_.server.tls) {
    auto context = tls_.current();
    if (!context.has_value()) co_return context.error();
    tls = std::move(context).value();
  }
  drop_outdated(tls);
  if (!fresh && !idle_.empty()) {
    std::unique_ptr<Connection> connection = std::move(idle_.back().connection);
    idle_.pop_back();
    co_return Lease(*this, std::move(connection), true);
  }
  Lease lease(*this, make_connection(executor_, config_, std::move(tls)), false);
  const auto opened = co_await lease->open();
  if (closed_) co_return ApiError::cancelled();
  if (!opened.has_value()) co_return opened.error();
  ++opened_;
  co_return std::move(lease);
}

void ConnectionPool::drop_outdated(const std::shared_ptr<asio::ssl::context>& tls) {
  // Whoever the client was when it connected, it must not be that any more once its certificate has changed.
  if (tls != last_tls_) idle_.clear();
  last_tls_ = tls;
  const auto oldest = std::chrono::steady_clock::now() - kLongestIdle;
  std::erase_if(idle_, [oldest](const Idle& idle) { return idle.since < oldest; });
}

void ConnectionPool::close() {
  closed_ = true;
  idle_.clear();
  for (Connection* connection : in_use_) connection->close();
}

}  // namespace ferry::watch
