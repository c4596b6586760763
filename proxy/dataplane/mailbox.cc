#include "proxy/dataplane/mailbox.h"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include <sys/eventfd.h>

namespace ferry::proxy {

Mailbox::Mailbox() : wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (!wake_) {
    throw std::system_error(errno, std::generic_category(), "cannot create an eventfd");
  }
}

Mailbox::~Mailbox() { take(); }

void Mailbox::post(Batch batch) {
  auto node = std::make_unique<Node>();
  node->batch = std::move(batch);
  Node* older = newest_.load(std::memory_order_relaxed);
  do {
    node->older = older;
  } while (!newest_.compare_exchange_weak(older, node.get(), std::memory_order_release, std::memory_order_relaxed));
  // From here on the worker owns the node.
  static_cast<void>(node.release());
  // Whoever found the box empty wakes the worker; what is posted until the worker looks goes with that.
  if (older == nullptr) {
    static_cast<void>(::eventfd_write(wake_.get(), 1));
  }
}

std::vector<Mailbox::Batch> Mailbox::take() {
  std::vector<Batch> batches;
  for (Node* node = newest_.exchange(nullptr, std::memory_order_acquire); node != nullptr;) {
    const std::unique_ptr<Node> owned(node);
    batches.push_back(std::move(owned->batch));
    node = owned->older;
  }
  std::reverse(batches.begin(), batches.end());
  return batches;
}

}  // namespace ferry::proxy
