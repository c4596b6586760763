#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry::proxy {

/// What an admin page answers.
struct Response {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  /// Further headers: names and values.
  std::vector<std::pair<std::string, std::string>> headers{};

  friend bool operator==(const Response&, const Response&) = default;
};

/// The pages of one admin address, by path. A page is made anew for each request, on the admin thread.
class Routes {
 public:
  using Page = std::function<Response()>;

  /// `path` begins with a slash and is matched whole, whatever query follows it in the request.
  void add(std::string path, Page page);

  /// The page for every path that has none of its own.
  void set_default(Page page) { default_ = std::move(page); }

  /// The answer to a GET of `target`: 404 with the list of pages where there is none. A page that throws is a 500 with
  /// the reason.
  Response answer(std::string_view target) const;

 private:
  static Response make(const Page& page);

  std::map<std::string, Page, std::less<>> pages_;
  Page default_;
};

}  // namespace ferry::proxy
