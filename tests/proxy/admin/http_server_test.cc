#include "proxy/admin/http_server.h"

#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include "tests/proxy/admin/http_client.h"

namespace ferry::proxy {
namespace {

using ferry::testing::ask;
using ferry::testing::kGetPage;
using ferry::testing::RawClient;

/// A server with the page /page on a thread of its own. Its end fails the test when the loop still has work.
class HttpServerTest : public ::testing::Test {
 protected:
  void start(HttpLimits limits = {}) {
    Routes routes;
    routes.add("/page", [] { return Response{.body = "hello"}; });
    serve(std::move(routes), limits);
  }
  void serve(Routes routes, HttpLimits limits = {}) {
    server_ = std::make_unique<HttpServer>(loop_, std::move(routes), limits);
    server_->listen({boost::asio::ip::address_v4::loopback(), 0});
    address_ = server_->address();
    thread_ = std::thread([this] { loop_.run(); });
  }

  void TearDown() override {
    if (!thread_.joinable()) return;
    boost::asio::post(loop_, [this] { server_->stop(); });
    thread_.join();
    EXPECT_EQ(server_->connections(), 0U);
  }

  boost::asio::io_context loop_{1};
  std::unique_ptr<HttpServer> server_;
  boost::asio::ip::tcp::endpoint address_;
  std::thread thread_;
};

TEST_F(HttpServerTest, AnswersAPageWithItsLengthAndType) {
  start();
  EXPECT_EQ(ask(address_, kGetPage),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n"
            "Cache-Control: no-store\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello");
}

TEST_F(HttpServerTest, ARequestMayComeByteByByte) {
  start();
  RawClient client(address_);
  for (const char* byte = kGetPage; *byte != '\0'; ++byte) client.send(std::string(1, *byte));
  EXPECT_TRUE(client.read_to_end().ends_with("hello"));
}

TEST_F(HttpServerTest, SeveralRequestsShareOneConnection) {
  start();
  RawClient client(address_);
  const std::string get = "GET /page HTTP/1.1\r\nHost: x\r\n\r\n";
  client.send(get);
  EXPECT_TRUE(client.read_until("hello").ends_with("hello"));
  client.send(get + kGetPage);
  EXPECT_TRUE(client.read_until("hello").ends_with("hello"));
  EXPECT_TRUE(client.read_to_end().ends_with("hello"));
}

TEST_F(HttpServerTest, AHeadRequestIsAnsweredWithoutTheBody) {
  start();
  const std::string answer = ask(address_, "HEAD /page HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_NE(answer.find("Content-Length: 5\r\n"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST_F(HttpServerTest, OtherMethodsAreRefusedWithThoseThatWork) {
  start();
  const std::string answer =
      ask(address_, "POST /page HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 405 "));
  EXPECT_NE(answer.find("Allow: GET, HEAD\r\n"), std::string::npos);
}

TEST_F(HttpServerTest, APutReachesWhatMayBeChangedAndNothingElse) {
  Routes routes;
  routes.add("/page", [] { return Response{.body = "hello"}; });
  routes.add_setting(
      "/setting", [](const Request&, const Routes::Reply& reply) { reply({.body = "read"}); },
      [](const Request& request, const Routes::Reply& reply) { reply({.body = "now " + request.body}); });
  serve(std::move(routes));
  const auto ask_for = [&](const std::string& line) {
    return ask(address_, line + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi");
  };
  EXPECT_TRUE(ask_for("PUT /setting").ends_with("now hi"));
  EXPECT_TRUE(ask_for("GET /setting").ends_with("read"));
  EXPECT_TRUE(ask_for("PUT /page").starts_with("HTTP/1.1 405 "));
  EXPECT_TRUE(ask_for("PUT /none").starts_with("HTTP/1.1 405 "));
  const std::string posted = ask_for("POST /setting");
  EXPECT_TRUE(posted.starts_with("HTTP/1.1 405 "));
  EXPECT_NE(posted.find("Allow: GET, HEAD, PUT\r\n"), std::string::npos);
}

TEST_F(HttpServerTest, WhatIsNoHttpIsABadRequest) {
  start();
  EXPECT_TRUE(ask(address_, "\x16\x03\x01 hello there\r\n\r\n").starts_with("HTTP/1.1 400 "));
}

TEST_F(HttpServerTest, AHeaderBeyondTheBoundIsRefused) {
  start({.max_header_bytes = 512});
  EXPECT_TRUE(ask(address_, "GET /page HTTP/1.1\r\nX: " + std::string(600, 'a')).starts_with("HTTP/1.1 431 "));
}

TEST_F(HttpServerTest, ABodyBeyondTheBoundIsRefused) {
  start({.max_body_bytes = 10});
  EXPECT_TRUE(
      ask(address_, "GET /page HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n").starts_with("HTTP/1.1 413 "));
}

TEST_F(HttpServerTest, AClientThatSaysNothingIsClosed) {
  start({.idle_time = std::chrono::milliseconds{20}});
  RawClient client(address_);
  EXPECT_EQ(client.read_to_end(), "");
}

TEST_F(HttpServerTest, ARequestThatNeverEndsIsClosed) {
  start({.transfer_time = std::chrono::milliseconds{20}});
  RawClient client(address_);
  client.send("GET /page HTTP/1.1\r\n");
  EXPECT_EQ(client.read_to_end(), "");
}

TEST_F(HttpServerTest, AClientThatLeavesInTheMiddleHarmsNobody) {
  start();
  {
    RawClient client(address_);
    client.send("GET /pa");
  }
  EXPECT_TRUE(ask(address_, kGetPage).ends_with("hello"));
}

TEST_F(HttpServerTest, SlowClientsNeverLockAProbeOut) {
  start({.max_connections = 2});
  RawClient first(address_);
  RawClient second(address_);
  first.send("GET");
  second.send("GET");
  EXPECT_TRUE(ask(address_, kGetPage).ends_with("hello"));
  EXPECT_EQ(first.read_to_end(), "");
}

TEST_F(HttpServerTest, StoppingCutsOpenConnections) {
  start();
  RawClient client(address_);
  client.send("GET /page HTTP/1.1\r\nHost: x\r\n\r\n");
  client.read_until("hello");
  boost::asio::post(loop_, [this] { server_->stop(); });
  EXPECT_EQ(client.read_to_end(), "");
}

TEST_F(HttpServerTest, AnAddressInUseIsAnError) {
  start();
  boost::asio::io_context other;
  HttpServer second(other, Routes{});
  EXPECT_THROW(second.listen(address_), boost::system::system_error);
}

TEST_F(HttpServerTest, APageMayAnswerLaterFromAnotherThread) {
  Routes routes;
  std::thread other;
  routes.add_handler("/later", [&other](const Request&, const Routes::Reply& reply) {
    other = std::thread([reply] {
      reply({.body = "at last"});
      reply({.body = "once more, which says nothing"});
    });
  });
  serve(std::move(routes));
  EXPECT_TRUE(ask(address_, "GET /later HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").ends_with("at last"));
  other.join();
}

TEST_F(HttpServerTest, APageThatNeverAnswersIsGivenUp) {
  Routes routes;
  routes.add_handler("/never", [](const Request&, const Routes::Reply&) {});
  HttpLimits limits;
  limits.answer_time = std::chrono::milliseconds{20};
  serve(std::move(routes), limits);
  EXPECT_TRUE(ask(address_, "GET /never HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                  .starts_with("HTTP/1.1 503 Service Unavailable"));
}

TEST_F(HttpServerTest, APageThatNeverAnswersDoesNotHoldUpTheEnd) {
  Routes routes;
  routes.add_handler("/never", [](const Request&, const Routes::Reply&) {});
  HttpLimits limits;
  limits.answer_time = std::chrono::hours{1};
  serve(std::move(routes), limits);
  RawClient client(address_);
  client.send("GET /never HTTP/1.1\r\nHost: x\r\n\r\n");
}

TEST_F(HttpServerTest, AStreamSendsOneAnswerAfterTheOther) {
  Routes routes;
  int events = 0;
  routes.add_stream(
      "/stream",
      [&events](const Request&, const Routes::Reply& reply) { reply({.body = std::to_string(++events) + "\n\n"}); },
      std::chrono::milliseconds{5});
  serve(std::move(routes));
  RawClient client(address_);
  client.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string text = client.read_until("3\n\n");
  EXPECT_TRUE(text.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n")) << text;
  EXPECT_TRUE(text.ends_with("\r\n\r\n1\n\n2\n\n3\n\n")) << text;
}

TEST_F(HttpServerTest, StreamsAreLimited) {
  Routes routes;
  routes.add_stream(
      "/stream", [](const Request&, const Routes::Reply& reply) { reply({.body = "x\n\n"}); },
      std::chrono::milliseconds{5});
  HttpLimits limits;
  limits.max_streams = 1;
  serve(std::move(routes), limits);
  RawClient client(address_);
  client.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  client.read_until("x\n\n");
  EXPECT_TRUE(ask(address_, "GET /stream HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                  .starts_with("HTTP/1.1 503 Service Unavailable"));
}

TEST_F(HttpServerTest, ARequestForSomebodyElsesHostIsRefusedAtGuardedPages) {
  Routes routes;
  routes.add_handler("/api", [](const Request&, const Routes::Reply& reply) { reply({.body = "secret"}); });
  routes.set_hosts({"node-1"});
  serve(std::move(routes));
  const std::string evil = ask(address_, "GET /api HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(evil.starts_with("HTTP/1.1 403 Forbidden")) << evil;
  EXPECT_EQ(evil.find("secret"), std::string::npos);
  EXPECT_TRUE(ask(address_, "GET /api HTTP/1.1\r\nHost: node-1\r\nConnection: close\r\n\r\n").ends_with("secret"));
}

/// A folder of a test's own.
class SocketInTheFileSystem : public ::testing::Test {
 protected:
  SocketInTheFileSystem() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ferry-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    path_ = folder_ / "admin.sock";
  }
  ~SocketInTheFileSystem() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
  std::filesystem::path path_;
  boost::asio::io_context loop_{1};
};

TEST_F(SocketInTheFileSystem, BelongsToItsOwnerAloneAndGoesWithTheServer) {
  {
    HttpServer server(loop_, Routes());
    server.listen(path_.string());
    EXPECT_EQ(std::filesystem::status(path_).permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    EXPECT_EQ(server.address(), boost::asio::ip::tcp::endpoint());
  }
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(SocketInTheFileSystem, WhatADeadProcessLeftIsReplacedWhatALivingOneHasIsNot) {
  {
    boost::asio::io_context other;
    const boost::asio::local::stream_protocol::acceptor left(other, path_.string());
  }
  ASSERT_TRUE(std::filesystem::exists(path_));
  HttpServer server(loop_, Routes());
  server.listen(path_.string());
  HttpServer second(loop_, Routes());
  try {
    second.listen(path_.string());
    FAIL() << "two servers at one path";
  } catch (const boost::system::system_error& error) {
    EXPECT_EQ(error.code(), boost::asio::error::address_in_use);
  }
  EXPECT_TRUE(std::filesystem::exists(path_));
}

}  // namespace
}  // namespace ferry::proxy
