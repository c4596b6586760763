#include "watch/codec/held_text.h"

namespace ferry::watch::codec {
namespace {

// What a stream keeps between two pieces; a service or a slice is seldom larger.
constexpr std::size_t kKeptCapacity = std::size_t{64} << 10;

}  // namespace

void HeldText::begin(const char* at, std::size_t limit) {
  clear();
  state_ = State::kOpen;
  from_ = at;
  limit_ = limit;
}

void HeldText::end(const char* at) {
  state_ = State::kEnded;
  if (copy_.empty() && size_ == 0) {
    size_ = static_cast<std::size_t>(at - from_);
    view_ = oversized() ? std::string_view() : std::string_view(from_, size_);
    return;
  }
  copy_to(at);
  view_ = copy_;
}

void HeldText::cut(const char* end) {
  if (state_ == State::kOpen) {
    copy_to(end);
  } else if (state_ == State::kEnded && copy_.empty()) {
    copy_.assign(view_);
    view_ = copy_;
  }
}

void HeldText::clear() {
  state_ = State::kNone;
  view_ = {};
  size_ = 0;
  copy_.clear();
  if (copy_.capacity() > kKeptCapacity) std::string().swap(copy_);
}

void HeldText::copy_to(const char* end) {
  const auto more = static_cast<std::size_t>(end - from_);
  size_ += more;
  if (!oversized()) {
    copy_.append(from_, more);
  } else if (!copy_.empty()) {
    std::string().swap(copy_);
  }
}

}  // namespace ferry::watch::codec
