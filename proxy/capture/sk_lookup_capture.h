#pragma once

#include <cstddef>
#include <memory>

#include "proxy/capture/capture.h"

namespace ferry::proxy {

/// A BPF program, attached to this thread's network namespace, chooses the socket for what is sent to service addresses
/// before any bound socket is looked at (https://docs.kernel.org/bpf/prog_sk_lookup.html; Linux 5.9). So a process of
/// the host may have a service's port at every address, and one listener for each worker and family serves all TCP
/// service ports. The kernel detaches the program when the process ends.
///
/// Throws std::runtime_error that says why it cannot be had: this program was built without it, or the kernel refuses
/// (it takes CAP_BPF, CAP_NET_ADMIN and CAP_NET_RAW).
std::unique_ptr<Capture> make_sk_lookup_capture(std::size_t workers, int backlog, const Prefixes& owned, bool heir);

/// Whether this program has it.
bool sk_lookup_was_built();

}  // namespace ferry::proxy
