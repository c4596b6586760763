#include "tests/apiserver/recordings/normal_form.h"

#include <array>
#include <map>
#include <regex>
#include <sstream>
#include <stdexcept>

#include <zlib.h>

namespace ferry::testing {
namespace {

bool is_plain_bookmark(const Json& event) {
  return event.value("type", "") == "BOOKMARK" && !event["object"]["metadata"].contains("annotations");
}

std::string normal_text(const std::string& field, const std::string& text) {
  static const std::map<std::string, std::string> kPlaceholders = {{"uid", "<uid>"},
                                                                   {"resourceVersion", "<version>"},
                                                                   {"creationTimestamp", "<time>"},
                                                                   {"continue", "<token>"},
                                                                   {"clusterIP", "<allocated address>"},
                                                                   {"clusterIPs", "<allocated address>"},
                                                                   {"serverAddress", "<server>"},
                                                                   {"storageVersionHash", "<hash>"}};
  static const std::regex kNumbers("[0-9]+");
  static const std::regex kCharacter("invalid character '[^']*'");
  if (text.empty()) return text;
  if (const auto known = kPlaceholders.find(field); known != kPlaceholders.end()) return known->second;
  if (field != "message") return text;
  return std::regex_replace(std::regex_replace(text, kCharacter, "invalid character '?'"), kNumbers, "#");
}

/// `field` is the name of the member the value stands under, through arrays.
Json normal_value(const std::string& field, const Json& value) {
  if (value.is_string()) return normal_text(field, value.get<std::string>());
  if (value.is_array()) {
    Json list = Json::array();
    for (const Json& item : value) list.push_back(normal_value(field, item));
    return list;
  }
  if (!value.is_object()) return value;
  Json object = Json::object();
  for (const auto& member : value.items()) {
    if (member.key() != "managedFields") object[member.key()] = normal_value(member.key(), member.value());
  }
  return object;
}

}  // namespace

Json normal_form(const Json& document) { return normal_value("", document); }

std::vector<Json> normal_events(const std::string& body, bool with_bookmark) {
  std::vector<Json> events;
  std::istringstream lines(body);
  for (std::string line; std::getline(lines, line);) {
    // A line in brackets is a note of who made the recording.
    if (line.empty() || line.front() == '[') continue;
    if (!events.empty() && is_plain_bookmark(events.back())) events.pop_back();
    events.push_back(normal_form(Json::parse(line)));
  }
  if (!with_bookmark && !events.empty() && is_plain_bookmark(events.back())) events.pop_back();
  return events;
}

Json shape_of(const Json& document) {
  if (!document.is_structured()) return document.type_name();
  Json shape = document;
  for (Json& value : shape) value = shape_of(value);
  return shape;
}

std::string headers_that_matter(const Answer& answer) {
  std::string text;
  for (const char* name : {"Content-Type", "Cache-Control", "Content-Encoding", "Vary", "Warning", "Retry-After",
                           "X-Content-Type-Options"}) {
    for (auto [line, end] = answer.headers.equal_range(name); line != end; ++line) {
      text += std::string(name) + ": " + std::string(line->value()) + "\n";
    }
  }
  return text;
}

std::string plain_body(const Answer& answer) {
  if (answer.headers["Content-Encoding"] != "gzip") return answer.body;
  z_stream stream{};
  constexpr int kGzip = 16 + MAX_WBITS;
  if (inflateInit2(&stream, kGzip) != Z_OK) throw std::runtime_error("zlib does not start");
  std::string in = answer.body;
  std::string out;
  std::array<char, 65536> buffer{};
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  int result = Z_OK;
  while (result == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.avail_out = static_cast<uInt>(buffer.size());
    result = inflate(&stream, Z_NO_FLUSH);
    out.append(buffer.data(), buffer.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (result != Z_STREAM_END) throw std::runtime_error("the gzip body ends early");
  return out;
}

}  // namespace ferry::testing
