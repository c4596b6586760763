#include "proxy/capture/capture.h"

#include <stdexcept>

#include "proxy/capture/bind_capture.h"
#include "proxy/capture/sk_lookup_capture.h"

namespace ferry::proxy {

std::unique_ptr<Capture> make_capture(CaptureMethod method, std::size_t workers, int backlog, const Prefixes& owned,
                                      bool heir, std::string& why_not) {
  if (method == CaptureMethod::kBind) {
    return std::make_unique<BindCapture>(backlog);
  }
  try {
    return make_sk_lookup_capture(workers, backlog, owned, heir);
  } catch (const std::runtime_error& error) {
    if (method == CaptureMethod::kSkLookup) throw;
    why_not = error.what();
    return std::make_unique<BindCapture>(backlog);
  }
}

}  // namespace ferry::proxy
