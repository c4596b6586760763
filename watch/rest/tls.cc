#include "watch/rest/tls.h"

#include <string>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/system/error_code.hpp>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace ferry::watch {
namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

ApiError bad(const char* what, const Secret& secret, const error_code& code) {
  ApiError error;
  error.kind = ApiError::Kind::kTransport;
  error.code = code;
  error.message =
      std::string("the ") + what + (secret.file.empty() ? " given" : " in " + secret.file) + " is not usable";
  return error;
}

}  // namespace

TlsContexts::TlsContexts(const ClientConfig& config)
    : insecure_(config.insecure_skip_tls_verify),
      authority_(config.certificate_authority, config.secret_check_interval),
      certificate_(config.client_certificate, config.secret_check_interval),
      key_(config.client_key, config.secret_check_interval) {}

Result<std::shared_ptr<ssl::context>> TlsContexts::current() {
  for (SecretReader* reader : {&authority_, &certificate_, &key_}) reader->current();
  const std::uint64_t version = authority_.version() + certificate_.version() + key_.version();
  if (context_ && version == version_) return context_;
  auto made = make();
  if (made.has_value()) {
    context_ = made.value();
    version_ = version;
  } else if (context_) {
    // A certificate and its key are swapped one after the other: until they fit, the old pair serves.
    return context_;
  }
  return made;
}

Result<std::shared_ptr<ssl::context>> TlsContexts::make() const {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
  error_code code;
  context->set_options(ssl::context::default_workarounds | ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1, code);
  // Without this, OpenSSL would ask the terminal for the pass phrase of a locked key.
  context->set_password_callback([](std::size_t, ssl::context::password_purpose) { return std::string(); }, code);
  context->set_verify_mode(insecure_ ? ssl::verify_none : ssl::verify_peer, code);
  if (const auto error = trust(*context)) return *error;
  if (const auto error = identify(*context)) return *error;
  return context;
}

std::optional<ApiError> TlsContexts::trust(ssl::context& context) const {
  error_code code;
  if (insecure_) return std::nullopt;
  if (authority_.secret().empty()) {
    context.set_default_verify_paths(code);
    return std::nullopt;
  }
  context.add_certificate_authority(boost::asio::buffer(authority_.text()), code);
  const X509_STORE* const store = SSL_CTX_get_cert_store(context.native_handle());
  // Text without any certificate in it is no error to OpenSSL.
  const bool any = sk_X509_OBJECT_num(X509_STORE_get0_objects(store)) > 0;
  if (code.failed() || !any) return bad("certificate authority", authority_.secret(), code);
  return std::nullopt;
}

std::optional<ApiError> TlsContexts::identify(ssl::context& context) const {
  if (certificate_.secret().empty()) return std::nullopt;
  error_code code;
  context.use_certificate_chain(boost::asio::buffer(certificate_.text()), code);
  if (code.failed()) return bad("client certificate", certificate_.secret(), code);
  context.use_private_key(boost::asio::buffer(key_.text()), ssl::context::pem, code);
  if (code.failed()) return bad("client key", key_.secret(), code);
  return std::nullopt;
}

}  // namespace ferry::watch
