#include <stdexcept>

#include "proxy/capture/sk_lookup_capture.h"

namespace ferry::proxy {

std::unique_ptr<Capture> make_sk_lookup_capture(std::size_t /*workers*/, int /*backlog*/, const Prefixes& /*owned*/,
                                                bool /*heir*/) {
  throw std::runtime_error("this program was built without libbpf, clang or bpftool");
}

bool sk_lookup_was_built() { return false; }

}  // namespace ferry::proxy
