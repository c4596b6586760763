#include "proxy/admin/page_maker.h"

#include <atomic>
#include <future>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <gtest/gtest.h>

#include "proxy/admin/admin_server.h"
#include "tests/proxy/admin/http_client.h"

namespace ferry::proxy {
namespace {

using ferry::testing::ask;

/// A page whose making lasts until it is let go, each one numbered.
class SlowPage {
 public:
  Response make() {
    ++begun_;
    gate_.get_future().wait();
    gate_ = std::promise<void>();
    return {.body = "page " + std::to_string(begun_)};
  }
  void let_go() { gate_.set_value(); }
  void wait_until_begun(int count) const {
    while (begun_ < count) std::this_thread::yield();
  }

 private:
  std::atomic<int> begun_ = 0;
  std::promise<void> gate_;
};

/// What somebody who has asked is told.
class Answer {
 public:
  Routes::Reply reply() {
    return [promise = promise_](Response response) { promise->set_value(std::move(response.body)); };
  }
  std::string wait() { return promise_->get_future().get(); }

 private:
  std::shared_ptr<std::promise<std::string>> promise_ = std::make_shared<std::promise<std::string>>();
};

TEST(PageMaker, WhatIsAnsweredBesideDoesNotWait) {
  SlowPage page;
  PageMaker maker([&page] { return page.make(); });
  Routes routes;
  routes.add_later("/slow", [&maker](Routes::Reply reply) { maker.ask(std::move(reply)); });
  routes.add("/quick", [] { return Response{.body = "at once"}; });
  AdminServer server;
  const auto address = server.listen({boost::asio::ip::address_v4::loopback(), 0}, routes);
  server.start();
  auto slow = std::async(std::launch::async,
                         [&] { return ask(address, "GET /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"); });
  page.wait_until_begun(1);
  EXPECT_NE(ask(address, "GET /quick HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").find("at once"),
            std::string::npos);
  page.let_go();
  EXPECT_NE(slow.get().find("page 1"), std::string::npos);
  server.stop();
}

TEST(PageMaker, WhoAsksMeanwhileSharesTheNextOne) {
  SlowPage page;
  PageMaker maker([&page] { return page.make(); });
  std::vector<Answer> answers(3);
  maker.ask(answers[0].reply());
  page.wait_until_begun(1);
  maker.ask(answers[1].reply());
  maker.ask(answers[2].reply());
  page.let_go();
  EXPECT_EQ(answers[0].wait(), "page 1");
  page.wait_until_begun(2);
  page.let_go();
  EXPECT_EQ(answers[1].wait(), "page 2");
  EXPECT_EQ(answers[2].wait(), "page 2");
}

TEST(PageMaker, APageThatCannotBeMadeSaysSo) {
  PageMaker maker([]() -> Response { throw std::runtime_error("no room"); });
  Answer answer;
  maker.ask(answer.reply());
  EXPECT_EQ(answer.wait(), "the page could not be made: no room\n");
}

TEST(PageMaker, WantOfMemoryForAnAnswerCostsThatAnswerAlone) {
  PageMaker maker([] { return Response{.body = "page"}; });
  std::promise<void> asked;
  maker.ask([&asked](const Response&) {
    asked.set_value();
    throw std::bad_alloc();
  });
  asked.get_future().wait();
  Answer answer;
  maker.ask(answer.reply());
  EXPECT_EQ(answer.wait(), "page");
}

TEST(PageMaker, OnceStoppedItAnswersNobody) {
  int made = 0;
  PageMaker maker([&made] {
    ++made;
    return Response{};
  });
  maker.stop();
  maker.ask([](const Response&) { FAIL() << "nobody is there to answer"; });
  maker.stop();
  EXPECT_EQ(made, 0);
}

}  // namespace
}  // namespace ferry::proxy
