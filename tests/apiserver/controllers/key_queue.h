#pragma once

#include <functional>
#include <memory>

#include <boost/asio/io_context.hpp>

#include "tests/apiserver/controllers/object_key.h"

namespace ferry::apiserver {

/// Objects that need a look, in the order they were first asked for; one that is asked for again before its turn is
/// looked at once. One object a turn of the loop, so that a long queue does not hold up what else runs there.
/// Destroying it drops what is left. Not thread safe: it belongs to the loop's thread.
class KeyQueue {
 public:
  using Handler = std::function<void(const ObjectKey&)>;

  /// The loop must outlive the queue. The handler may add keys; it must not destroy the queue.
  KeyQueue(boost::asio::io_context& loop, Handler handler);

  void add(const ObjectKey& key);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace ferry::apiserver
