#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "tests/apiserver/controllers/key_queue.h"
#include "tests/apiserver/controllers/placement.h"
#include "tests/apiserver/storage.h"

namespace ferry::apiserver {

/// Gives pods without a node one: round robin over the schedulable nodes, past those where a host port is taken or a
/// label of the node selector is missing. Binding is a compare-and-swap: a pod that somebody else bound meanwhile stays
/// where it is. A pod that no node can take says so in its condition PodScheduled, and is looked at again when a node
/// changes or a pod gives up host ports. Pods that name another `schedulerName` are another's.
///
/// Not thread safe: it belongs to the loop's thread, and so does its destruction. The loop and the storage must
/// outlive it.
class Scheduler {
 public:
  Scheduler(boost::asio::io_context& loop, Storage& storage);
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

 private:
  void on_node(const Event& event);
  void on_pod(const Event& event);
  void schedule(const ObjectKey& key);
  void report_unschedulable(const ObjectKey& key);
  void retry_waiting();

  Storage& storage_;
  Placement placement_;
  /// Pods that no node could take so far.
  std::set<ObjectKey> waiting_;
  KeyQueue queue_;
  std::vector<std::unique_ptr<Storage::Subscription>> subscriptions_;
};

}  // namespace ferry::apiserver
