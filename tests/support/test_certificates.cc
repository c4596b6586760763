#include "tests/support/test_certificates.h"

#include <cstdint>
#include <stdexcept>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

namespace ferry::testing {
namespace {

constexpr long kOneHour = 3600;

void require(bool good, const char* what) {
  if (!good) throw std::runtime_error(std::string("OpenSSL cannot ") + what);
}

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

Bio memory_bio() { return {BIO_new(BIO_s_mem()), &BIO_free}; }

std::string text_of(const Bio& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string pem(X509* certificate) {
  const Bio bio = memory_bio();
  require(PEM_write_bio_X509(bio.get(), certificate) == 1, "write a certificate");
  return text_of(bio);
}

std::string pem(EVP_PKEY* key) {
  const Bio bio = memory_bio();
  require(PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1, "write a key");
  return text_of(bio);
}

void add_extension(X509* certificate, X509* issuer, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str());
  require(extension != nullptr, "make an extension");
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

/// A certificate without its extensions and signature.
X509* draft(EVP_PKEY* key, const std::string& common_name, long valid_seconds) {
  X509* certificate = X509_new();
  require(certificate != nullptr, "make a certificate");
  X509_set_version(certificate, X509_VERSION_3);
  std::uint32_t serial = 0;
  require(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1, "make a serial number");
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), valid_seconds < 0 ? valid_seconds - kOneHour : -kOneHour);
  X509_gmtime_adj(X509_getm_notAfter(certificate), valid_seconds);
  X509_set_pubkey(certificate, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0);
  return certificate;
}

}  // namespace

TestAuthority::TestAuthority(const std::string& common_name) : key_(EVP_EC_gen("P-256")) {
  require(key_ != nullptr, "make a key");
  certificate_.reset(draft(key_.get(), common_name, kOneHour));
  X509_set_issuer_name(certificate_.get(), X509_get_subject_name(certificate_.get()));
  add_extension(certificate_.get(), certificate_.get(), NID_basic_constraints, "critical,CA:TRUE");
  require(X509_sign(certificate_.get(), key_.get(), EVP_sha256()) != 0, "sign");
  certificate_pem_ = pem(certificate_.get());
}

CertificateAndKey TestAuthority::issue(const CertificateRequest& request) const {
  const std::unique_ptr<EVP_PKEY, Free> key(EVP_EC_gen("P-256"));
  require(key != nullptr, "make a key");
  const std::unique_ptr<X509, Free> certificate(draft(key.get(), request.common_name, request.valid_seconds));
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate_.get()));
  std::string names;
  for (const std::string& name : request.names) names += (names.empty() ? "" : ",") + name;
  if (!names.empty()) add_extension(certificate.get(), certificate_.get(), NID_subject_alt_name, names);
  require(X509_sign(certificate.get(), key_.get(), EVP_sha256()) != 0, "sign");
  return {pem(certificate.get()), pem(key.get())};
}

std::string encrypt_key(const std::string& key, const std::string& pass_phrase) {
  const Bio in(BIO_new_mem_buf(key.data(), static_cast<int>(key.size())), &BIO_free);
  EVP_PKEY* read = PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr);
  require(read != nullptr, "read a key");
  const Bio out = memory_bio();
  const int written = PEM_write_bio_PrivateKey(out.get(), read, EVP_aes_128_cbc(),
                                               reinterpret_cast<const unsigned char*>(pass_phrase.data()),
                                               static_cast<int>(pass_phrase.size()), nullptr, nullptr);
  EVP_PKEY_free(read);
  require(written == 1, "write a locked key");
  return text_of(out);
}

}  // namespace ferry::testing
