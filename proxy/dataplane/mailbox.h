#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "proxy/dataplane/command.h"
#include "proxy/relay/unique_fd.h"

namespace ferry::proxy {

/// Commands on their way to one worker, from the control thread and from other workers: those of each sender in order,
/// without a lock.
class Mailbox {
 public:
  using Batch = std::shared_ptr<const Commands>;

  /// Throws std::system_error when the system refuses a descriptor.
  Mailbox();
  ~Mailbox();
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  /// To be watched for EPOLLIN, edge-triggered: it is never read.
  int wake_fd() const { return wake_.get(); }

  /// Safe from any thread.
  void post(Batch batch);

  /// Everything posted since, oldest first. For the worker alone.
  std::vector<Batch> take();

 private:
  struct Node {
    Batch batch;
    Node* older = nullptr;
  };

  UniqueFd wake_;
  std::atomic<Node*> newest_{nullptr};
};

}  // namespace ferry::proxy
