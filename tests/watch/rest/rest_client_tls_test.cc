#include <memory>
#include <string>
#include <utility>

#include <gmock/gmock.h>

#include "tests/support/temporary_folder.h"
#include "tests/support/test_certificates.h"
#include "tests/watch/rest/rest_fixture.h"
#include "watch/rest/rest_client.h"

namespace ferry::watch {
namespace {

using std::chrono::milliseconds;
using testing::CertificateAndKey;
using testing::chunk;
using testing::chunked_head;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::http_answer;
using testing::ScriptedServer;
using ::testing::StartsWith;
using testing::TestAuthority;

class RestClientTls : public RestFixture {
 protected:
  /// A TLS server with that identity, and a client configuration that trusts the test's authority.
  ScriptedServer& start(const CertificateAndKey& identity, const std::string& client_authority = "") {
    tls_server =
        std::make_unique<ScriptedServer>(context.get_executor(), testing::ServerTls{identity, client_authority});
    trusting = config_for(*tls_server);
    trusting.certificate_authority.data = authority.certificate();
    return *tls_server;
  }

  ScriptedServer& start_usual() { return start(authority.issue({"server", {"IP:127.0.0.1", "DNS:api.test"}})); }

  std::string failure(const ClientConfig& there) {
    RestClient client(context.get_executor(), there);
    const Answer answer = get(client);
    if (!answer.result.has_error()) return "no failure";
    EXPECT_EQ(answer.result.error().kind, ApiError::Kind::kTransport);
    return answer.result.error().to_string();
  }

  void TearDown() override {
    if (tls_server) {
      EXPECT_TRUE(server_is_done(*tls_server));
      tls_server->stop();
    }
    RestFixture::TearDown();
  }

  TestAuthority authority;
  std::unique_ptr<ScriptedServer> tls_server;
  ClientConfig trusting;
};

TEST_F(RestClientTls, AServerIsTrustedByItsAddress) {
  start_usual().on_connection().request().send(http_answer("safe"));
  RestClient client(context.get_executor(), trusting);
  EXPECT_EQ(get(client).body, "safe");
  EXPECT_THAT(tls_server->server_names(), ElementsAre("")) << "an address is no server name";
}

TEST_F(RestClientTls, AServerIsTrustedByTheNameItIsToldToHave) {
  start_usual().on_connection().request().send(http_answer("safe"));
  trusting.tls_server_name = "api.test";
  RestClient client(context.get_executor(), trusting);
  EXPECT_EQ(get(client).body, "safe");
  EXPECT_THAT(tls_server->server_names(), ElementsAre("api.test"));
}

TEST_F(RestClientTls, AnAnswerReadsTheSameHoweverItIsCut) {
  start_usual();
  const std::string whole = chunked_head() + chunk("{\"items\":") + chunk("[]}") + chunk("");
  for (const std::size_t piece : {1U, 7U, 30U}) {
    tls_server->on_connection().request().send(whole, piece);
    RestClient client(context.get_executor(), trusting);
    EXPECT_EQ(get(client).body, "{\"items\":[]}");
  }
}

TEST_F(RestClientTls, ACertificateForAnotherNameIsRefused) {
  start_usual().on_connection();
  trusting.tls_server_name = "other.test";
  EXPECT_THAT(failure(trusting), StartsWith("TLS handshake with other.test failed (hostname mismatch)"));
}

TEST_F(RestClientTls, ACertificateForAnotherAddressIsRefused) {
  start(authority.issue({"server", {"IP:127.0.0.2"}})).on_connection();
  EXPECT_THAT(failure(trusting), HasSubstr("(IP address mismatch)"));
}

TEST_F(RestClientTls, ACommonNameAloneIsNoName) {
  start(authority.issue({"api.test", {}})).on_connection();
  trusting.tls_server_name = "api.test";
  EXPECT_THAT(failure(trusting), HasSubstr("(hostname mismatch)"));
}

TEST_F(RestClientTls, ACertificateOfAnotherAuthorityIsRefused) {
  start_usual().on_connection();
  trusting.certificate_authority.data = TestAuthority("somebody else").certificate();
  EXPECT_THAT(failure(trusting), HasSubstr("certificate verify failed"));
}

TEST_F(RestClientTls, WithoutAnAuthorityTheSystemsCount) {
  start_usual().on_connection();
  trusting.certificate_authority = {};
  EXPECT_THAT(failure(trusting), HasSubstr("certificate verify failed"));
}

TEST_F(RestClientTls, AnExpiredCertificateIsRefused) {
  start(authority.issue({"server", {"IP:127.0.0.1"}, -60})).on_connection();
  EXPECT_THAT(failure(trusting), HasSubstr("(certificate has expired)"));
}

TEST_F(RestClientTls, WhoeverAsksForNoCheckGetsNone) {
  start(authority.issue({"server", {}, -60})).on_connection().request().send(http_answer("unsafe"));
  trusting.certificate_authority = {};
  trusting.insecure_skip_tls_verify = true;
  RestClient client(context.get_executor(), trusting);
  EXPECT_EQ(get(client).body, "unsafe");
}

TEST_F(RestClientTls, AClientShowsItsCertificate) {
  start(authority.issue({"server", {"IP:127.0.0.1"}}), authority.certificate());
  tls_server->on_connection().request().send(http_answer("welcome"));
  const CertificateAndKey identity = authority.issue({"node-1", {}});
  trusting.client_certificate.data = identity.certificate;
  trusting.client_key.data = identity.key;
  RestClient client(context.get_executor(), trusting);
  EXPECT_EQ(get(client).body, "welcome");
  EXPECT_THAT(tls_server->client_names(), ElementsAre("node-1"));
}

TEST_F(RestClientTls, ANewClientCertificateMakesANewConnection) {
  const testing::TemporaryFolder folder;
  start(authority.issue({"server", {"IP:127.0.0.1"}}), authority.certificate());
  const CertificateAndKey before = authority.issue({"before", {}});
  const CertificateAndKey after = authority.issue({"after", {}});
  trusting.client_certificate.file = folder.write("client.crt", before.certificate);
  trusting.client_key.file = folder.write("client.key", before.key);
  tls_server->on_connection().request().send(http_answer("1")).request().send(http_answer("2")).hang();
  tls_server->on_connection().request().send(http_answer("3"));
  RestClient client(context.get_executor(), trusting);
  EXPECT_EQ(get(client).body, "1");
  folder.write("client.crt", after.certificate);
  EXPECT_EQ(get(client).body, "2") << "until the key fits the certificate, the old pair serves";
  folder.write("client.key", after.key);
  EXPECT_EQ(get(client).body, "3");
  EXPECT_THAT(tls_server->client_names(), ElementsAre("before", "after"));
}

TEST_F(RestClientTls, ANewAuthorityIsTrustedFromThenOn) {
  const testing::TemporaryFolder folder;
  start_usual();
  tls_server->on_connection();
  tls_server->on_connection().request().send(http_answer("safe"));
  trusting.certificate_authority = {"", folder.write("ca.crt", TestAuthority().certificate())};
  RestClient client(context.get_executor(), trusting);
  EXPECT_FALSE(get(client).result.has_value());
  folder.write("ca.crt", authority.certificate());
  EXPECT_EQ(get(client).body, "safe");
}

TEST_F(RestClientTls, WhatIsNoCertificateOrKeyIsNamed) {
  const testing::TemporaryFolder folder;
  start_usual();
  const CertificateAndKey identity = authority.issue({"node-1", {}});
  ClientConfig bad = trusting;
  bad.certificate_authority = {"", folder.write("ca.crt", "nonsense")};
  EXPECT_THAT(failure(bad), StartsWith("the certificate authority in " + bad.certificate_authority.file));
  bad.certificate_authority.file = "/does/not/exist";
  EXPECT_THAT(failure(bad), StartsWith("the certificate authority in /does/not/exist is not usable"));
  bad = trusting;
  bad.client_certificate.data = "nonsense";
  bad.client_key.data = identity.key;
  EXPECT_THAT(failure(bad), StartsWith("the client certificate given is not usable"));
  bad.client_certificate.data = identity.certificate;
  bad.client_key.data = authority.issue({"node-2", {}}).key;
  EXPECT_THAT(failure(bad), StartsWith("the client key given is not usable"));
  bad.client_key.data = testing::encrypt_key(identity.key, "pass phrase");
  EXPECT_THAT(failure(bad), StartsWith("the client key given is not usable"));
  EXPECT_EQ(tls_server->connections(), 0U);
}

TEST_F(RestClientTls, AServerWithoutTlsIsATransportError) {
  server.on_connection().send(http_answer("plain")).hang();
  ClientConfig there = config();
  there.server.tls = true;
  EXPECT_THAT(failure(there), StartsWith("TLS handshake with 127.0.0.1 failed"));
}

TEST_F(RestClientTls, AHandshakeThatStallsTimesOut) {
  server.on_connection().hang();
  ClientConfig there = config();
  there.server.tls = true;
  there.connect_timeout = milliseconds(50);
  RestClient client(context.get_executor(), there);
  const Answer answer = get(client);
  ASSERT_FALSE(answer.result.has_value());
  EXPECT_EQ(answer.result.error().kind, ApiError::Kind::kTimeout);
}

TEST_F(RestClientTls, AHandshakeCanBeCancelled) {
  server.on_connection().hang();
  ClientConfig there = config();
  there.server.tls = true;
  RestClient client(context.get_executor(), there);
  const auto result = interrupted(
      client, [this] { return server.connections() == 1; },
      [](boost::asio::cancellation_signal& signal) { signal.emit(boost::asio::cancellation_type::terminal); });
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind, ApiError::Kind::kCancelled);
}

TEST_F(RestClientTls, AnAnswerCutWithoutAFarewellIsATransportError) {
  start_usual();
  tls_server->on_connection().request().send(chunked_head() + chunk("{")).cut();
  tls_server->on_connection().request().send("HTTP/1.0 200 OK\r\n\r\n{\"half\":").cut();
  EXPECT_THAT(failure(trusting), StartsWith("the answer broke off"));
  EXPECT_THAT(failure(trusting), StartsWith("the answer broke off"));
}

TEST_F(RestClientTls, AKeptConnectionThatTheServerClosedIsReplacedSilently) {
  start_usual();
  tls_server->on_connection().request().send(http_answer("1")).cut();
  tls_server->on_connection().request().send(http_answer("2"));
  RestClient client(context.get_executor(), trusting);
  EXPECT_EQ(get(client).body, "1");
  EXPECT_EQ(get(client).body, "2");
}

}  // namespace
}  // namespace ferry::watch
