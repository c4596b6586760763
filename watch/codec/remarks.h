#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "watch/codec/json_reader.h"

namespace ferry::watch::codec {

/// What was left out of an object that is good otherwise, for one log line.
class Remarks {
 public:
  /// What `in` stands at is left out.
  void add(const JsonReader& in, std::string_view reason) {
    if (count_++ > 0) return;
    const std::string path = in.path();
    first_ = path.empty() ? std::string(reason) : path + ": " + std::string(reason);
  }
  void add(Remarks others) {
    if (count_ == 0) first_ = std::move(others.first_);
    count_ += others.count_;
  }

  /// "endpoints[3].addresses[0]: \"x\" is not an IP address", with how many more there are; empty: nothing was left
  /// out.
  std::string to_string() const {
    return count_ < 2 ? first_ : first_ + " (and " + std::to_string(count_ - 1) + " more)";
  }

 private:
  std::string first_;
  std::size_t count_ = 0;
};

}  // namespace ferry::watch::codec
