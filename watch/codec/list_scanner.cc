#include <array>
#include <cstdint>
#include <utility>

#include "watch/codec/held_text.h"
#include "watch/codec/json_reader.h"
#include "watch/codec/object_outline.h"
#include "watch/codec/stream_scanner.h"

namespace ferry::watch {
namespace {

using codec::HeldText;
using codec::JsonReader;
using codec::ObjectOutline;

/// A continue token has a few hundred bytes.
constexpr std::size_t kMaxEnvelopeFieldBytes = std::size_t{64} << 10;

enum class Field : std::uint8_t { kOther, kKind, kMetadata, kResourceVersion, kItems };

Field field_of(std::string_view key) {
  if (key == "kind") return Field::kKind;
  if (key == "metadata") return Field::kMetadata;
  if (key == "resourceVersion") return Field::kResourceVersion;
  if (key == "items") return Field::kItems;
  return Field::kOther;
}

void read_version(JsonReader& in, std::string& out) {
  if (const auto version = in.text_or_number()) out = *version;
}

}  // namespace

struct ListScanner::Impl {
  explicit Impl(Sink& its_sink) : sink(its_sink) {}

  bool feed(std::string_view bytes);
  bool take(ObjectOutline::Step step, const char* at);
  bool begin_value(const char* at);
  bool end_value(const char* at);
  void end_item(const char* at);
  bool fail(std::string_view why, const char* at);

  Sink& sink;
  ObjectOutline outline;
  HeldText held;
  /// What the value being read is held for; kOther: it is not.
  Field field = Field::kOther;
  bool items_seen = false;
  ListEnvelope envelope;
  std::string error;
  /// The bytes now fed, and how many came before them.
  const char* begin = nullptr;
  std::size_t offset = 0;
};

bool ListScanner::Impl::feed(std::string_view bytes) {
  if (!error.empty()) return false;
  begin = bytes.data();
  const char* at = begin;
  const char* const end = begin + bytes.size();
  held.resume(begin);
  while (at != end) {
    const ObjectOutline::Step step = outline.next(at, end);
    if (!take(step, at)) return false;
  }
  held.cut(end);
  offset += bytes.size();
  return true;
}

bool ListScanner::Impl::take(ObjectOutline::Step step, const char* at) {
  switch (step) {
    case ObjectOutline::Step::kValueBegin:
      return begin_value(at);
    case ObjectOutline::Step::kValueEnd:
      return end_value(at);
    case ObjectOutline::Step::kElementBegin:
      held.begin(at, kMaxObjectBytes);
      return true;
    case ObjectOutline::Step::kElementEnd:
      end_item(at);
      return true;
    case ObjectOutline::Step::kBad:
      return fail(outline.problem(), at);
    default:
      return true;
  }
}

bool ListScanner::Impl::begin_value(const char* at) {
  field = field_of(outline.key());
  if (field == Field::kItems && *at == '[') {
    if (std::exchange(items_seen, true)) return fail("a list has its items once", at);
    outline.enter_list();
    field = Field::kOther;
  } else if (field != Field::kOther) {
    held.begin(at, kMaxEnvelopeFieldBytes);
  }
  return true;
}

bool ListScanner::Impl::end_value(const char* at) {
  if (field == Field::kOther) return true;
  held.end(at);
  if (held.oversized()) return fail("a field of the envelope is too large", at);
  JsonReader in(held.text());
  if (field == Field::kKind) {
    if (const auto kind = in.text()) envelope.kind = *kind;
  } else if (field == Field::kResourceVersion) {
    read_version(in, envelope.resource_version);
  } else if (field == Field::kItems) {
    if (!in.at_null()) in.fail("items: expected a list");
    in.skip();
  } else {
    in.members([&](std::string_view key) {
      if (key == "resourceVersion") read_version(in, envelope.resource_version);
      if (key != "continue") return;
      if (const auto token = in.text()) envelope.continue_token = *token;
    });
  }
  held.clear();
  return in.ok() || fail(in.problem(), at);
}

void ListScanner::Impl::end_item(const char* at) {
  held.end(at);
  if (held.oversized()) {
    sink.on_oversized_item(held.size());
  } else {
    sink.on_item(held.text());
  }
  held.clear();
}

bool ListScanner::Impl::fail(std::string_view why, const char* at) {
  error = std::string(why) + ", at byte " + std::to_string(offset + static_cast<std::size_t>(at - begin));
  return false;
}

ListScanner::ListScanner(Sink& sink) : impl_(std::make_unique<Impl>(sink)) {}
ListScanner::~ListScanner() = default;
ListScanner::ListScanner(ListScanner&&) noexcept = default;

bool ListScanner::feed(std::string_view bytes) { return impl_->feed(bytes); }
bool ListScanner::complete() const { return impl_->error.empty() && impl_->outline.ended(); }
const ListEnvelope& ListScanner::envelope() const { return impl_->envelope; }
const std::string& ListScanner::error() const { return impl_->error; }

}  // namespace ferry::watch
