#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
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

/// What a page is asked.
struct Request {
  /// Without the query, and without percent-encoding.
  std::string path;
  std::map<std::string, std::string, std::less<>> query;
  /// Of a PUT.
  std::string body{};

  /// The parameter; empty without it.
  const std::string& parameter(std::string_view name) const;

  /// Takes the target of a request line apart. What is not encoded rightly stands as it is.
  static Request parse(std::string_view target);
};

/// The pages of one admin address, by path. A page is made anew for each request, on the admin thread unless it is
/// added to be made later.
class Routes {
 public:
  using Page = std::function<Response()>;
  using Reply = std::function<void(Response)>;
  /// Answers by calling the reply once, now or later, on any thread.
  using Handler = std::function<void(const Request&, Reply)>;

  struct Route {
    Handler handler;
    /// Asked again and again, and each answer sent as an event (text/event-stream); none: a page.
    std::optional<std::chrono::milliseconds> interval;
    /// Only for requests whose Host is ours.
    bool guarded = false;
    /// Answers PUT; empty: nothing can be changed here.
    Handler write{};
  };

  /// `path` begins with a slash and is matched whole, whatever query follows it in the request.
  void add(std::string path, Page page);
  /// The same for a page that is made elsewhere: `make` has the reply called once it is there.
  void add_later(std::string path, std::function<void(Reply)> make);
  /// A path that ends in "/*" stands for all that begin so. Guarded against pages of others (set_hosts()).
  void add_handler(std::string path, Handler handler);
  /// The same for what PUT changes: `write` answers that.
  void add_setting(std::string path, Handler read, Handler write);
  /// The body of each answer is the text of one event, its lines as they are to be sent.
  void add_stream(std::string path, Handler handler, std::chrono::milliseconds interval);

  /// The page for every path that has none of its own.
  void set_default(Page page);

  /// Names by which we are known beside addresses and "localhost". Until this is called nothing is guarded.
  void set_hosts(std::vector<std::string> hosts) { hosts_ = std::move(hosts); }

  /// Null where there is no page.
  const Route* find(std::string_view path) const;

  /// Whether a request with this Host header may have the page: a name that is not ours points here only where somebody
  /// makes a browser take us for his own server (DNS rebinding).
  bool admits(const Route& route, std::string_view host) const;

  /// The answer where there is no page: 404 with the list of those there are.
  Response missing() const;

  /// The answer to a GET of `target` by a page that answers at once.
  Response answer(std::string_view target) const;

 private:
  std::map<std::string, Route, std::less<>> routes_;
  std::optional<Route> default_;
  std::optional<std::vector<std::string>> hosts_;
};

/// The page; 500 with the reason where it cannot be made.
Response make_page(const Routes::Page& page);

/// Whether the host of a Host header (with or without a port) is an address, "localhost" or one of these names.
bool is_own_host(std::string_view host, const std::vector<std::string>& names);

}  // namespace ferry::proxy
