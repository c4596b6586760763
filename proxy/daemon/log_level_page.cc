#include "proxy/daemon/log_level_page.h"

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "proxy/admin/json_response.h"

namespace ferry::proxy {

namespace {

constexpr int kHighest = 10;
constexpr unsigned kBadRequest = 400;

/// A number and at most the end of its line.
std::optional<int> level_in(std::string_view body) {
  while (body.ends_with('\n') || body.ends_with('\r')) body.remove_suffix(1);
  int level = 0;
  const auto [stop, error] = std::from_chars(body.data(), body.data() + body.size(), level);
  if (error != std::errc{} || stop != body.data() + body.size() || level < 0 || level > kHighest) return std::nullopt;
  return level;
}

}  // namespace

void add_log_level_page(Routes& routes, std::function<int()> now,
                        std::function<void(int verbosity, std::function<void()> done)> set) {
  const auto read = [now](const Request& /*request*/, const Routes::Reply& reply) {
    reply(json_response({{"logLevel", now()}}));
  };
  if (!set) {
    routes.add_handler("/api/log-level", read);
    return;
  }
  routes.add_setting("/api/log-level", read,
                     [now = std::move(now), set = std::move(set)](const Request& request, const Routes::Reply& reply) {
                       const std::optional<int> level = level_in(request.body);
                       if (!level) {
                         reply(error_response(kBadRequest, "the body must be a whole number from 0 to 10"));
                         return;
                       }
                       const int former = now();
                       set(*level, [reply, former, level = *level] {
                         reply(json_response({{"logLevel", level}, {"former", former}}));
                       });
                     });
}

}  // namespace ferry::proxy
