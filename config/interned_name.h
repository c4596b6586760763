#pragma once

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace ferry::config {

/// An immutable text that many objects have in common, such as a node's name: it is kept once, for as long as anybody
/// has it. Copying and comparing cost as much as with a pointer. Safe from any thread.
class InternedName {
 public:
  InternedName() = default;
  /// Implicit, as a std::string would be made from them.
  InternedName(std::string_view text) : entry_(acquire(text)) {}
  InternedName(const std::string& text) : InternedName(std::string_view(text)) {}
  InternedName(const char* text) : InternedName(std::string_view(text)) {}

  InternedName(const InternedName& other) noexcept : entry_(share(other.entry_)) {}
  InternedName(InternedName&& other) noexcept : entry_(std::exchange(other.entry_, nullptr)) {}
  InternedName& operator=(InternedName other) noexcept {
    std::swap(entry_, other.entry_);
    return *this;
  }
  ~InternedName() { release(entry_); }

  bool empty() const noexcept { return entry_ == nullptr; }
  /// Valid as long as this or an equal one is.
  const std::string& text() const noexcept;

  friend bool operator==(const InternedName& a, const InternedName& b) noexcept { return a.entry_ == b.entry_; }
  template <std::convertible_to<std::string_view> Text>
  friend bool operator==(const InternedName& a, const Text& b) noexcept {
    return a.text() == std::string_view(b);
  }

  /// How many different ones there are now.
  static std::size_t existing();

 private:
  struct Entry;
  struct Pool;

  static Entry* acquire(std::string_view text);
  static Entry* share(Entry* entry) noexcept;
  static void release(Entry* entry) noexcept;

  /// Null: the empty text.
  Entry* entry_ = nullptr;
};

}  // namespace ferry::config
