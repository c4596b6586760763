#include "proxy/daemon/upgrade_page.h"

#include <stdexcept>

#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "proxy/admin/json_response.h"
#include "proxy/options/version.h"

namespace ferry::proxy {

namespace {

constexpr unsigned kConflict = 409;

nlohmann::ordered_json state_of(const Succession& succession) {
  nlohmann::ordered_json body{
      {"pid", ::getpid()}, {"version", version()}, {"serving", succession.serving()}, {"successor", nullptr}};
  if (const Successor* const started = succession.successor()) {
    body["successor"] = {{"pid", started->pid()}, {"ended", nullptr}};
    if (started->ended()) body["successor"]["ended"] = *started->ended();
  }
  return body;
}

Response start(Succession& succession) {
  try {
    succession.start_successor();
  } catch (const std::runtime_error& error) {
    return error_response(kConflict, error.what());
  }
  return json_response(state_of(succession));
}

}  // namespace

void add_upgrade_page(Routes& routes, boost::asio::io_context& control, Succession& succession) {
  routes.add_setting(
      "/api/upgrade",
      [&control, &succession](const Request& /*request*/, const Routes::Reply& reply) {
        boost::asio::post(control, [&succession, reply] { reply(json_response(state_of(succession))); });
      },
      [&control, &succession](const Request& /*request*/, const Routes::Reply& reply) {
        boost::asio::post(control, [&succession, reply] { reply(start(succession)); });
      });
}

}  // namespace ferry::proxy
