#include "proxy/admin/routes.h"

#include <algorithm>
#include <cctype>
#include <exception>

#include "config/ip_address.h"

namespace ferry::proxy {

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const int letter = std::tolower(static_cast<unsigned char>(c));
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

std::string decoded(std::string_view text, bool plus_is_blank) {
  std::string plain;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const int high = text[at] == '%' && at + 2 < text.size() ? hex_digit(text[at + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[at + 2]) : -1;
    if (low >= 0) {
      plain.push_back(static_cast<char>(high * 16 + low));
      at += 2;
    } else {
      plain.push_back(plus_is_blank && text[at] == '+' ? ' ' : text[at]);
    }
  }
  return plain;
}

Routes::Handler handler_of(Routes::Page page) {
  return [page = std::move(page)](const Request& /*request*/, const Routes::Reply& reply) { reply(make_page(page)); };
}

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) return host.substr(1, host.find(']') - 1);
  return host.substr(0, host.find(':'));
}

}  // namespace

const std::string& Request::parameter(std::string_view name) const {
  static const std::string kNone;
  const auto found = query.find(name);
  return found == query.end() ? kNone : found->second;
}

Request Request::parse(std::string_view target) {
  Request request;
  const std::size_t mark = target.find('?');
  request.path = decoded(target.substr(0, mark), false);
  std::string_view rest = mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
  while (!rest.empty()) {
    const std::string_view one = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(one.size() + 1, rest.size()));
    const std::size_t equals = one.find('=');
    const std::string_view value = equals == std::string_view::npos ? std::string_view() : one.substr(equals + 1);
    request.query.insert_or_assign(decoded(one.substr(0, equals), true), decoded(value, true));
  }
  return request;
}

void Routes::add(std::string path, Page page) {
  routes_.insert_or_assign(std::move(path), Route{handler_of(std::move(page)), std::nullopt, false, {}});
}

void Routes::add_later(std::string path, std::function<void(Reply)> make) {
  Handler handler = [make = std::move(make)](const Request& /*request*/, Reply reply) { make(std::move(reply)); };
  routes_.insert_or_assign(std::move(path), Route{std::move(handler), std::nullopt, false, {}});
}

void Routes::add_handler(std::string path, Handler handler) {
  routes_.insert_or_assign(std::move(path), Route{std::move(handler), std::nullopt, true, {}});
}

void Routes::add_setting(std::string path, Handler read, Handler write) {
  routes_.insert_or_assign(std::move(path), Route{std::move(read), std::nullopt, true, std::move(write)});
}

void Routes::add_stream(std::string path, Handler handler, std::chrono::milliseconds interval) {
  routes_.insert_or_assign(std::move(path), Route{std::move(handler), interval, true, {}});
}

void Routes::set_default(Page page) { default_ = Route{handler_of(std::move(page)), std::nullopt, false, {}}; }

const Routes::Route* Routes::find(std::string_view path) const {
  if (const auto found = routes_.find(path); found != routes_.end()) return &found->second;
  for (const auto& [pattern, route] : routes_) {
    if (pattern.ends_with("/*") && path.starts_with(std::string_view(pattern).substr(0, pattern.size() - 1))) {
      return &route;
    }
  }
  return default_ ? &*default_ : nullptr;
}

bool Routes::admits(const Route& route, std::string_view host) const {
  return !route.guarded || !hosts_ || is_own_host(host, *hosts_);
}

Response Routes::missing() const {
  Response missing{.status = 404, .body = "no such page; there are:\n"};
  for (const auto& [path, route] : routes_) missing.body += path + "\n";
  return missing;
}

Response Routes::answer(std::string_view target) const {
  const Request request = Request::parse(target);
  const Route* const route = find(request.path);
  if (route == nullptr) return missing();
  Response response;
  route->handler(request, [&response](Response made) { response = std::move(made); });
  return response;
}

Response make_page(const Routes::Page& page) {
  try {
    return page();
  } catch (const std::exception& error) {
    return {.status = 500, .body = std::string("the page could not be made: ") + error.what() + "\n"};
  }
}

bool is_own_host(std::string_view host, const std::vector<std::string>& names) {
  const std::string_view name = without_port(host);
  return config::IpAddress::parse(name).has_value() || same_name(name, "localhost") ||
         std::any_of(names.begin(), names.end(), [name](const std::string& own) { return same_name(own, name); });
}

}  // namespace ferry::proxy
