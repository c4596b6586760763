#include "proxy/admin/admin_server.h"

#include <chrono>
#include <future>

#include <gtest/gtest.h>

#include "tests/proxy/admin/http_client.h"

namespace ferry::proxy {
namespace {

using boost::asio::ip::tcp;
using ferry::testing::kGetPage;

const tcp::endpoint kAnyPort{boost::asio::ip::address_v4::loopback(), 0};

Routes page(std::string text) {
  Routes routes;
  routes.add("/page", [text = std::move(text)] { return Response{.body = text}; });
  return routes;
}

TEST(AdminServer, WithoutAddressesStartsAndStops) {
  AdminServer server;
  server.start();
  server.stop();
}

TEST(AdminServer, EachAddressHasItsOwnPages) {
  AdminServer server;
  const tcp::endpoint one = server.listen(kAnyPort, page("one"));
  const tcp::endpoint two = server.listen(kAnyPort, page("two"));
  server.start();
  EXPECT_TRUE(testing::ask(one, kGetPage).ends_with("one"));
  EXPECT_TRUE(testing::ask(two, kGetPage).ends_with("two"));
}

TEST(AdminServer, AClientThatConnectsBeforeTheStartIsAnsweredAfterIt) {
  AdminServer server;
  const tcp::endpoint address = server.listen(kAnyPort, page("late"));
  testing::RawClient client(address);
  client.send(kGetPage);
  server.start();
  EXPECT_TRUE(client.read_to_end().ends_with("late"));
}

TEST(AdminServer, AnAddressThatIsTakenIsHadOnceItIsFree) {
  AdminServer holder;
  const tcp::endpoint address = holder.listen(kAnyPort, page("holder"));
  AdminServer server;
  EXPECT_THROW(server.listen(address, page("heir")), boost::system::system_error);
  std::promise<tcp::endpoint> had;
  server.listen_when_free(
      address, page("heir"), [&had](const tcp::endpoint& at) { had.set_value(at); }, std::chrono::milliseconds{1});
  server.start();
  holder.start();
  EXPECT_TRUE(testing::ask(address, kGetPage).ends_with("holder"));
  holder.stop();
  EXPECT_EQ(had.get_future().get(), address);
  EXPECT_TRUE(testing::ask(address, kGetPage).ends_with("heir"));
}

TEST(AdminServer, StoppingEndsTheWaitForAnAddress) {
  AdminServer holder;
  const tcp::endpoint address = holder.listen(kAnyPort, page("holder"));
  AdminServer server;
  server.listen_when_free(address, page("heir"), [](const tcp::endpoint&) { ADD_FAILURE(); });
  server.start();
  server.stop();
}

TEST(AdminServer, StoppingWithoutAStartFreesTheAddress) {
  tcp::endpoint address;
  {
    AdminServer server;
    address = server.listen(kAnyPort, page("never"));
    server.stop();
    server.stop();
  }
  AdminServer again;
  EXPECT_EQ(again.listen(address, page("again")), address);
}

}  // namespace
}  // namespace ferry::proxy
