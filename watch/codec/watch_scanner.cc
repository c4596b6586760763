#include <algorithm>
#include <cstdint>

#include "watch/codec/held_text.h"
#include "watch/codec/object_outline.h"
#include "watch/codec/stream_scanner.h"

namespace ferry::watch {
namespace {

using codec::HeldText;
using codec::ObjectOutline;

/// Far more than any type of event has, with its quotes.
constexpr std::size_t kMaxTypeBytes = 64;

bool equals_ignoring_case(std::string_view key, std::string_view lower) {
  return key.size() == lower.size() &&
         std::equal(key.begin(), key.end(), lower.begin(), [](char a, char b) { return a == b || (a | 0x20) == b; });
}

std::string_view unquoted(std::string_view json) {
  if (json.size() < 2 || json.front() != '"') return {};
  return json.substr(1, json.size() - 2);
}

}  // namespace

struct WatchScanner::Impl {
  explicit Impl(Sink& its_sink) : sink(its_sink) {}

  bool feed(std::string_view bytes);
  void begin_value(const char* at);
  void end_event();

  Sink& sink;
  ObjectOutline outline;
  HeldText type;
  HeldText object;
  /// The value being read; nullptr: one that nobody wants.
  HeldText* reading = nullptr;
  std::string error;
  std::size_t offset = 0;
};

bool WatchScanner::Impl::feed(std::string_view bytes) {
  if (!error.empty()) return false;
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  type.resume(at);
  object.resume(at);
  while (at != end) {
    switch (outline.next(at, end)) {
      case ObjectOutline::Step::kValueBegin:
        begin_value(at);
        break;
      case ObjectOutline::Step::kValueEnd:
        if (reading != nullptr) reading->end(at);
        break;
      case ObjectOutline::Step::kObjectEnd:
        end_event();
        break;
      case ObjectOutline::Step::kBad:
        error = std::string(outline.problem()) + ", at byte " +
                std::to_string(offset + static_cast<std::size_t>(at - bytes.data()));
        return false;
      default:
        break;
    }
  }
  type.cut(end);
  object.cut(end);
  offset += bytes.size();
  return true;
}

void WatchScanner::Impl::begin_value(const char* at) {
  reading = nullptr;
  if (equals_ignoring_case(outline.key(), "type")) {
    reading = &type;
    type.begin(at, kMaxTypeBytes);
  } else if (equals_ignoring_case(outline.key(), "object")) {
    reading = &object;
    object.begin(at, kMaxObjectBytes);
  }
}

void WatchScanner::Impl::end_event() {
  if (object.oversized()) {
    sink.on_oversized_event(object.size());
  } else {
    sink.on_event(unquoted(type.text()), object.text().empty() ? "null" : object.text());
  }
  type.clear();
  object.clear();
  outline.restart();
}

WatchScanner::WatchScanner(Sink& sink) : impl_(std::make_unique<Impl>(sink)) {}
WatchScanner::~WatchScanner() = default;
WatchScanner::WatchScanner(WatchScanner&&) noexcept = default;

bool WatchScanner::feed(std::string_view bytes) { return impl_->feed(bytes); }
bool WatchScanner::at_boundary() const { return impl_->error.empty() && impl_->outline.fresh(); }
const std::string& WatchScanner::error() const { return impl_->error; }

}  // namespace ferry::watch
