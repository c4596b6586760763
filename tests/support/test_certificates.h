#pragma once

#include <memory>
#include <string>
#include <vector>

#include <openssl/evp.h>
#include <openssl/x509.h>

namespace ferry::testing {

/// A certificate and its private key as PEM text.
struct CertificateAndKey {
  std::string certificate;
  std::string key;
};

/// What a certificate says.
struct CertificateRequest {
  std::string common_name = "test";
  /// Subject alternative names as OpenSSL writes them: "DNS:localhost", "IP:127.0.0.1".
  std::vector<std::string> names;
  /// Valid from one hour ago to this far from now, in seconds; negative: expired.
  long valid_seconds = 3600;
};

/// A certificate authority that exists for one test.
class TestAuthority {
 public:
  explicit TestAuthority(const std::string& common_name = "test authority");

  /// Its own certificate, PEM.
  const std::string& certificate() const { return certificate_pem_; }
  CertificateAndKey issue(const CertificateRequest& request) const;

 private:
  struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const { X509_free(certificate); }
  };

  std::unique_ptr<EVP_PKEY, Free> key_;
  std::unique_ptr<X509, Free> certificate_;
  std::string certificate_pem_;
};

/// The key once more, locked with a pass phrase.
std::string encrypt_key(const std::string& key, const std::string& pass_phrase);

}  // namespace ferry::testing
