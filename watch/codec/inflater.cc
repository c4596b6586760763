#include "watch/codec/inflater.h"

#include <algorithm>
#include <array>
#include <limits>

#include <zlib.h>

namespace ferry::watch {
namespace {

constexpr std::size_t kStepBytes = std::size_t{32} << 10;
/// The largest window, and 16 to say that gzip alone is accepted.
constexpr int kGzipWindowBits = 15 + 16;

}  // namespace

struct Inflater::Impl {
  Impl() {
    if (inflateInit2(&stream, kGzipWindowBits) != Z_OK) error = "no memory to inflate with";
  }
  ~Impl() { inflateEnd(&stream); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  std::string_view next();
  void refill();

  z_stream stream{};
  std::string_view input;
  std::string error;
  bool ended = false;
  std::array<char, kStepBytes> out;
};

std::string_view Inflater::Impl::next() {
  while (error.empty()) {
    refill();
    if (ended) {
      if (stream.avail_in == 0) break;
      // A gzip file may have several members (RFC 1952, 2.2); anything else shows in its first bytes.
      ended = false;
      inflateReset(&stream);
    }
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    const int result = inflate(&stream, Z_NO_FLUSH);
    ended = result == Z_STREAM_END;
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
      error = stream.msg != nullptr ? stream.msg : "not gzip";
    }
    const std::size_t made = out.size() - stream.avail_out;
    if (made > 0) return {out.data(), made};
    if (stream.avail_in == 0 && input.empty()) break;
  }
  return {};
}

// zlib counts in 32 bits.
void Inflater::Impl::refill() {
  if (stream.avail_in > 0 || input.empty()) return;
  const std::size_t size = std::min<std::size_t>(input.size(), std::numeric_limits<uInt>::max());
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
  stream.avail_in = static_cast<uInt>(size);
  input.remove_prefix(size);
}

Inflater::Inflater() : impl_(std::make_unique<Impl>()) {}
Inflater::~Inflater() = default;
Inflater::Inflater(Inflater&&) noexcept = default;

void Inflater::feed(std::string_view compressed) { impl_->input = compressed; }
std::string_view Inflater::next() { return impl_->next(); }
bool Inflater::failed() const { return !impl_->error.empty(); }
const std::string& Inflater::error() const { return impl_->error; }
bool Inflater::complete() const { return impl_->error.empty() && impl_->ended && impl_->stream.avail_in == 0; }

}  // namespace ferry::watch
