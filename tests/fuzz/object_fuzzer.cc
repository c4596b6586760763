// One fuzzer for each wire format: FERRY_FUZZ_FORMAT names it.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/object_invariants.h"
#include "watch/codec/discovery_v1/formats.h"
#include "watch/codec/discovery_v1beta1/formats.h"
#include "watch/codec/v1/formats.h"
#include "watch/codec/v1beta1/formats.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ferry::testing::require_invariants(ferry::watch::codec::FERRY_FUZZ_FORMAT,
                                     {reinterpret_cast<const char*>(data), size});
  return 0;
}
