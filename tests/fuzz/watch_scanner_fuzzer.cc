#include <cstddef>
#include <cstdint>

#include <nlohmann/json.hpp>

#include "tests/fuzz/pieces.h"
#include "tests/fuzz/require.h"
#include "tests/watch/codec/heard.h"

using ferry::testing::hear_watch;
using ferry::testing::HeardWatch;
using ferry::testing::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const HeardWatch whole = hear_watch({text});
  require(hear_watch(ferry::testing::cuts_of(text)) == whole, "a watch is heard alike however it is cut");
  require(hear_watch(ferry::testing::bytes_of(text)) == whole, "a watch is heard alike byte by byte");
  require(!whole.at_boundary || whole.error.empty(), "a broken stream is at no boundary");
  ferry::testing::require_printable(whole.error);
  if (!whole.at_boundary) return 0;
  // The stream fed twice is heard twice: nothing of an event outlives it.
  const HeardWatch twice = hear_watch({text, text});
  require(twice.events.size() == 2 * whole.events.size() && twice.at_boundary, "events do not touch each other");
  if (whole.events.size() == 1 && nlohmann::json::accept(text)) {
    require(nlohmann::json::accept(whole.events[0].object), "an event's object is cut out whole");
  }
  return 0;
}
