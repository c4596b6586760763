#include "tests/apiserver/response_text.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <random>

#include <boost/beast/http/status.hpp>
#include <spdlog/fmt/chrono.h>
#include <spdlog/fmt/fmt.h>
#include <zlib.h>

namespace ferry::apiserver {
namespace {

/// From this size on a body is compressed, as k8s.io/apiserver does.
constexpr std::size_t kGzipFrom = 128 * 1024;
/// What Go's server holds back before it chooses between a Content-Length and chunks.
constexpr std::size_t kFirstBuffer = 2048;
constexpr std::size_t kChunk = 64 * 1024;

std::string gzipped(const std::string& text) {
  z_stream stream{};
  constexpr int kGzipWindow = 15 + 16;
  if (deflateInit2(&stream, 1, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK) return {};
  std::string out(deflateBound(&stream, text.size()), '\0');
  // zlib does not write through next_in.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string audit_id() {
  thread_local std::mt19937_64 random{std::random_device{}()};
  const auto high = random();
  const auto low = random();
  return fmt::format("{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}", high >> 32, high >> 16 & 0xffff, high & 0xfff,
                     low >> 48 & 0xfff, low & 0xffff'ffff'ffff);
}

std::string http_date() {
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now())));
}

}  // namespace

std::string chunk(std::string_view data) { return fmt::format("{:x}\r\n{}\r\n", data.size(), data); }

std::string response_text(const Request& request, Response response, Release release, bool keep_alive) {
  auto& headers = response.headers;
  auto& body = response.body;
  headers.emplace_back("Cache-Control", "no-cache, private");
  headers.emplace_back("Content-Type", response.content_type);
  if (release != Release::k1_20) headers.emplace_back("Audit-Id", audit_id());
  if (body.size() >= kGzipFrom && request.accept_encoding.find("gzip") != std::string::npos) {
    headers.emplace_back("Content-Encoding", "gzip");
    headers.emplace_back("Vary", "Accept-Encoding");
    body = gzipped(body);
  }
  std::stable_sort(headers.begin(), headers.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  headers.emplace_back("Date", http_date());
  const bool chunked = response.watch || body.size() > kFirstBuffer;
  if (chunked) {
    headers.emplace_back("Transfer-Encoding", "chunked");
  } else {
    headers.emplace_back("Content-Length", std::to_string(body.size()));
  }
  if (!keep_alive) headers.emplace_back("Connection", "close");

  const auto reason = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(response.status));
  auto out = fmt::format("HTTP/1.1 {} {}\r\n", response.status, std::string_view(reason.data(), reason.size()));
  for (const auto& [name, value] : headers) out += fmt::format("{}: {}\r\n", name, value);
  out += "\r\n";
  if (response.watch) return out;
  if (!chunked) return out + body;
  for (std::size_t at = 0; at < body.size(); at += kChunk) out += chunk(std::string_view(body).substr(at, kChunk));
  out += kLastChunk;
  return out;
}

}  // namespace ferry::apiserver
