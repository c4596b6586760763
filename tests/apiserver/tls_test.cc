#include <cstdio>
#include <filesystem>
#include <memory>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <unistd.h>

#include "tests/apiserver/server_thread.h"

namespace ferry::testing {
namespace {

namespace asio = boost::asio;

/// A key and a certificate it signed itself, in two files that go with this object.
class SelfSigned {
 public:
  SelfSigned() {
    folder_ = (std::filesystem::temp_directory_path() / "ferry-tls-XXXXXX").string();
    if (mkdtemp(folder_.data()) == nullptr) throw std::runtime_error("no folder for the certificate");
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    const std::unique_ptr<X509, decltype(&X509_free)> cert(X509_new(), X509_free);
    ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert.get()), 0);
    X509_gmtime_adj(X509_getm_notAfter(cert.get()), 3600);
    X509_set_pubkey(cert.get(), key.get());
    X509_sign(cert.get(), key.get(), EVP_sha256());
    write(key_file(),
          [&](std::FILE* file) { PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
    write(cert_file(), [&](std::FILE* file) { PEM_write_X509(file, cert.get()); });
  }
  ~SelfSigned() { std::filesystem::remove_all(folder_); }
  SelfSigned(const SelfSigned&) = delete;
  SelfSigned& operator=(const SelfSigned&) = delete;

  [[nodiscard]] std::string key_file() const { return folder_ + "/key.pem"; }
  [[nodiscard]] std::string cert_file() const { return folder_ + "/cert.pem"; }

 private:
  template <class Write>
  static void write(const std::string& path, Write call) {
    std::FILE* file = std::fopen(path.c_str(), "w");
    call(file);
    std::fclose(file);
  }
  std::string folder_;
};

TEST(Tls, AnswersOverItAndEndsTheStreamWithAGoodbye) {
  const SelfSigned files;
  apiserver::Options options;
  options.tls_cert_file = files.cert_file();
  options.tls_private_key_file = files.key_file();
  const ServerThread server(options);
  EXPECT_TRUE(server.url().starts_with("https://127.0.0.1:"));

  asio::io_context loop;
  asio::ssl::context tls(asio::ssl::context::tls_client);
  asio::ssl::stream<asio::ip::tcp::socket> stream(loop, tls);
  const auto& address = server.address();
  const auto port = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  stream.next_layer().connect({asio::ip::make_address("127.0.0.1"), port});
  stream.handshake(asio::ssl::stream_base::client);
  asio::write(stream, asio::buffer(std::string("GET /healthz HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n")));
  std::string answer;
  boost::system::error_code error;
  asio::read(stream, asio::dynamic_buffer(answer), error);
  EXPECT_EQ(error, asio::error::eof) << error.message();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\nok"));
}

TEST(Tls, FilesThatDoNotFitAreNamed) {
  const SelfSigned files;
  apiserver::Options options;
  options.tls_cert_file = files.key_file();
  options.tls_private_key_file = files.key_file();
  asio::io_context loop;
  try {
    const apiserver::Server server(loop, options);
    FAIL() << "a key was taken for a certificate";
  } catch (const std::runtime_error& failure) {
    EXPECT_TRUE(std::string(failure.what()).starts_with("--tls-cert-file " + files.key_file() + ": "));
  }
}

}  // namespace
}  // namespace ferry::testing
