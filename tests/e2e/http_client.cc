#include "tests/e2e/http_client.h"

#include <algorithm>
#include <stdexcept>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

namespace ferry::testing {

namespace {

using boost::asio::ip::tcp;
namespace beast = boost::beast;

struct Url {
  std::string host;
  std::string port;
  std::string target;
};

Url split(const std::string& url) {
  const std::string scheme = "http://";
  const std::size_t colon = url.find(':', scheme.size());
  if (url.compare(0, scheme.size(), scheme) != 0 || colon == std::string::npos) {
    throw std::invalid_argument("not http://HOST:PORT/PATH: " + url);
  }
  const std::size_t slash = std::min(url.find('/', colon), url.size());
  return Url{url.substr(scheme.size(), colon - scheme.size()), url.substr(colon + 1, slash - colon - 1),
             slash == url.size() ? "/" : url.substr(slash)};
}

/// One request and its answer, a callback at a time.
class Exchange {
 public:
  Exchange(const Url& url, beast::http::request<beast::http::string_body> request, std::chrono::seconds limit)
      : request_(std::move(request)) {
    stream_.expires_after(limit);
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address(url.host, error);
    if (error) throw std::invalid_argument("not an address: " + url.host);
    stream_.async_connect(tcp::endpoint(address, static_cast<std::uint16_t>(std::stoul(url.port))),
                          [this](beast::error_code failure) { failure ? fail(failure) : write(); });
    loop_.run();
  }

  HttpReply take_reply() { return std::move(reply_); }

 private:
  void write() {
    beast::http::async_write(stream_, request_, [this](beast::error_code failure, std::size_t /*count*/) {
      failure ? fail(failure) : read();
    });
  }

  void read() {
    parser_.body_limit(boost::none);
    beast::http::async_read(stream_, buffer_, parser_, [this](beast::error_code failure, std::size_t /*count*/) {
      if (failure) return fail(failure);
      reply_ = HttpReply{static_cast<int>(parser_.get().result_int()), std::move(parser_.get().body())};
    });
  }

  void fail(beast::error_code failure) { reply_ = HttpReply{0, failure.message()}; }

  boost::asio::io_context loop_{1};
  beast::tcp_stream stream_{loop_};
  beast::http::request<beast::http::string_body> request_;
  beast::http::response_parser<beast::http::string_body> parser_;
  beast::flat_buffer buffer_;
  HttpReply reply_;
};

}  // namespace

HttpReply http(const std::string& method, const std::string& url, const std::string& body,
               const std::string& content_type, std::chrono::seconds limit) {
  const Url parts = split(url);
  beast::http::request<beast::http::string_body> request;
  request.version(11);
  request.method_string(method);
  request.target(parts.target);
  request.set(beast::http::field::host, parts.host + ":" + parts.port);
  request.set(beast::http::field::user_agent, "kube-ferry-e2e");
  request.keep_alive(false);
  if (!body.empty()) request.set(beast::http::field::content_type, content_type);
  request.body() = body;
  request.prepare_payload();
  return Exchange(parts, std::move(request), limit).take_reply();
}

}  // namespace ferry::testing
