#include "tests/apiserver/controllers/key_queue.h"

#include <deque>
#include <set>
#include <utility>

#include <boost/asio/post.hpp>

namespace ferry::apiserver {

struct KeyQueue::State {
  State(boost::asio::io_context& loop_in, Handler handler_in) : loop(loop_in), handler(std::move(handler_in)) {}

  boost::asio::io_context& loop;
  Handler handler;
  std::deque<ObjectKey> order;
  std::set<ObjectKey> queued;

  /// Asks for one turn. A queue that is gone by then has nothing to do.
  static void post(const std::shared_ptr<State>& state) {
    boost::asio::post(state->loop, [weak = std::weak_ptr<State>(state)] {
      if (const auto alive = weak.lock()) take(*alive);
    });
  }

  static void take(State& state) {
    const ObjectKey key = std::move(state.order.front());
    state.order.pop_front();
    state.queued.erase(key);
    state.handler(key);
  }
};

KeyQueue::KeyQueue(boost::asio::io_context& loop, Handler handler)
    : state_(std::make_shared<State>(loop, std::move(handler))) {}

void KeyQueue::add(const ObjectKey& key) {
  if (!state_->queued.insert(key).second) return;
  state_->order.push_back(key);
  State::post(state_);
}

}  // namespace ferry::apiserver
