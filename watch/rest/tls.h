#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/ssl/context.hpp>

#include "watch/rest/api_error.h"
#include "watch/rest/client_config.h"
#include "watch/rest/secret_reader.h"

namespace ferry::watch {

/// Makes the TLS context for a configuration, and makes it anew when a certificate, key or authority file changed.
/// Not thread-safe.
class TlsContexts {
 public:
  explicit TlsContexts(const ClientConfig& config);

  /// The context to use for a new connection; an error says which certificate or key is bad. Connections keep theirs.
  Result<std::shared_ptr<boost::asio::ssl::context>> current();

 private:
  Result<std::shared_ptr<boost::asio::ssl::context>> make() const;
  /// Says whose signature counts. Returns what is wrong with it.
  std::optional<ApiError> trust(boost::asio::ssl::context& context) const;
  /// Says who the client is. Returns what is wrong with it.
  std::optional<ApiError> identify(boost::asio::ssl::context& context) const;

  bool insecure_;
  SecretReader authority_;
  SecretReader certificate_;
  SecretReader key_;
  std::uint64_t version_ = 0;
  std::shared_ptr<boost::asio::ssl::context> context_;
};

}  // namespace ferry::watch
