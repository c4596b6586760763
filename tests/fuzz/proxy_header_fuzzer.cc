#include <cstddef>
#include <cstdint>
#include <string>

#include "proxy/relay/proxy_protocol.h"
#include "tests/fuzz/require.h"

using ferry::proxy::ProxyHeader;
using ferry::proxy::read_proxy_header;
using ferry::testing::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const ProxyHeader header = read_proxy_header(bytes);
  if (header.state == ProxyHeader::State::kWhole) {
    require(header.length >= 16 && header.length <= ferry::proxy::kLongestProxyHeader, "its length is bounded");
    require(header.length <= size, "it was there");
    require(read_proxy_header(bytes.substr(0, header.length)).source == header.source, "what follows does not count");
    require(read_proxy_header(bytes.substr(0, header.length - 1)).state == ProxyHeader::State::kIncomplete,
            "without its last byte it is not whole");
    if (header.source) {
      const std::string again = ferry::proxy::proxy_header(*header.source, *header.source);
      require(read_proxy_header(again).source == header.source, "what is read can be written");
    }
  } else {
    require(!header.source, "nobody is named");
  }
  if (header.state == ProxyHeader::State::kIncomplete) {
    require(size < ferry::proxy::kLongestProxyHeader, "the longest is whole");
  }
  return 0;
}
