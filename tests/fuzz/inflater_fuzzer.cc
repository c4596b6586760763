#include <cstddef>
#include <cstdint>

#include "tests/fuzz/pieces.h"
#include "tests/fuzz/require.h"
#include "tests/watch/codec/heard.h"

using ferry::testing::inflate;
using ferry::testing::Inflated;
using ferry::testing::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view packed(reinterpret_cast<const char*>(data), size);
  const Inflated whole = inflate({packed});
  require(inflate(ferry::testing::cuts_of(packed)) == whole, "what is packed reads alike however it is cut");
  require(inflate(ferry::testing::bytes_of(packed)) == whole, "what is packed reads alike byte by byte");
  require(!whole.complete || whole.error.empty(), "what is whole has no error");
  if (whole.complete) {
    require(!inflate({packed.substr(0, packed.size() - 1)}).complete, "what lacks a byte is not whole");
    require(!inflate({packed, "garbage"}).error.empty(), "what follows the end is noticed");
  }
  ferry::testing::require_printable(whole.error);
  return 0;
}
