#include <cstddef>
#include <cstdint>

#include <nlohmann/json.hpp>

#include "tests/fuzz/pieces.h"
#include "tests/fuzz/require.h"
#include "tests/watch/codec/heard.h"

using ferry::testing::hear_list;
using ferry::testing::HeardList;
using ferry::testing::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const HeardList whole = hear_list({text});
  require(hear_list(ferry::testing::cuts_of(text)) == whole, "a list is heard alike however it is cut");
  require(hear_list(ferry::testing::bytes_of(text)) == whole, "a list is heard alike byte by byte");
  require(!whole.complete || whole.error.empty(), "a list that counts has no error");
  ferry::testing::require_printable(whole.error);
  const auto document = nlohmann::json::parse(text, nullptr, false);
  if (!whole.complete || !document.is_object()) return 0;
  // Of members of one name the other parser keeps the last, which may be another's items.
  const auto items = document.find("items");
  if (items == document.end() || !items->is_array()) return 0;
  for (std::size_t i = 0; i < whole.items.size() && i < items->size() && whole.items.size() == items->size(); ++i) {
    require(nlohmann::json::parse(whole.items[i]) == (*items)[i], "an item is cut out whole");
  }
  return 0;
}
