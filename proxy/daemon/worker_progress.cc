#include "proxy/daemon/worker_progress.h"

namespace ferry::proxy {

bool WorkerProgress::first_state_is_in_force() const {
  return first_state_ && dataplane_.batches().done >= *first_state_;
}

bool WorkerProgress::moves() {
  if (dataplane_.batches().done < awaited_) return false;
  dataplane_.nudge_workers();
  awaited_ = dataplane_.batches().posted;
  return true;
}

}  // namespace ferry::proxy
