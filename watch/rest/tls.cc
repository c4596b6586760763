#include "watch/rest/tls.h"

#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/system/error_code.hpp>

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
      authority_(config.certificate_authority),
      certificate_(config.client_certificate),
      key_(config.client_key) {}

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
  if (insecure_) {
    context->set_verify_mode(ssl::verify_none, code);
  } else {
    context->set_verify_mode(ssl::verify_peer, code);
    auto authority = authority_;
    if (authority.secret().empty()) {
      context->set_default_verify_paths(code);
    } else if (context->add_certificate_authority(boost::asio::buffer(authority.current()), code); code.failed()) {
      return bad("certificate authority", authority.secret(), code);
    }
  }
  if (certificate_.secret().empty()) return context;
  auto certificate = certificate_;
  auto key = key_;
  if (context->use_certificate_chain(boost::asio::buffer(certificate.current()), code); code.failed()) {
    return bad("client certificate", certificate.secret(), code);
  }
  if (context->use_private_key(boost::asio::buffer(key.current()), ssl::context::pem, code); code.failed()) {
    return bad("client key", key.secret(), code);
  }
  return context;
}

}  // namespace ferry::watch
