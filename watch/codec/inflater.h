#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace ferry::watch {

/// Undoes gzip (RFC 1952) as the bytes come in, a bounded step at a time, so that a small body that inflates to a huge
/// one costs its reader no memory and no long pause.
///
///     inflater.feed(chunk);
///     for (auto text = inflater.next(); !text.empty(); text = inflater.next()) scanner.feed(text);
///     if (inflater.failed()) …
class Inflater {
 public:
  Inflater();
  ~Inflater();
  Inflater(Inflater&&) noexcept;

  /// Hands over the next bytes. They must stay where they are until next() comes back empty, and only then may more
  /// be fed.
  void feed(std::string_view compressed);
  /// The next piece of plain text, valid until the next call. Empty: what was fed is used up, or failed().
  std::string_view next();

  /// The bytes are not gzip, are damaged, or something else follows them; error() says which.
  bool failed() const;
  const std::string& error() const;
  /// Everything fed so far makes a whole: its trailer came and its checksum is right.
  bool complete() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ferry::watch
