#include "tests/apiserver/watch.h"

#include <algorithm>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace ferry::apiserver {

Watch::Watch(const boost::asio::any_io_executor& executor, Storage& storage, Plan plan)
    : storage_(storage), plan_(std::move(plan)), version_(storage.version()), wake_(executor) {
  if (plan_.after) {
    auto missed = storage_.since(plan_.resource, *plan_.after);
    if (!missed) {
      error_ = missed.error();
      return;
    }
    queue_.assign(missed->begin(), missed->end());
  } else {
    initial_ = storage_.list(plan_.resource, plan_.selection.ns).items;
    initial_end_due_ = plan_.marks_initial_end;
  }
  const auto now = Clock::now();
  if (plan_.timeout.count() > 0) deadline_ = now + plan_.timeout;
  if (plan_.bookmarks) next_bookmark_ = now + plan_.bookmark_interval;
  subscription_ = storage_.subscribe(plan_.resource, [this](const Event& event) { on_event(event); });
}

void Watch::on_event(const Event& event) {
  // A watch from a version to come hears nothing until that version.
  if (plan_.after && event.version() <= *plan_.after) return;
  queue_.push_back(event);
  if (queue_.size() > plan_.queue_limit) {
    queue_.clear();
    ended_ = true;
  }
  wake_.cancel();
}

void Watch::end() {
  ended_ = true;
  wake_.cancel();
}

boost::asio::awaitable<std::optional<Watch::Line>> Watch::next() {
  for (;;) {
    if (auto line = ready_line()) co_return line;
    const auto now = Clock::now();
    if (ended_ || now >= deadline_) co_return std::nullopt;
    if (now >= next_bookmark_) {
      next_bookmark_ = now + plan_.bookmark_interval;
      co_return bookmark(false);
    }
    wake_.expires_at(std::min(deadline_, next_bookmark_));
    co_await wake_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  }
}

std::optional<Watch::Line> Watch::ready_line() {
  if (error_) {
    Line line{Line::Kind::kError, plan_.representation->error(*error_)};
    error_.reset();
    ended_ = true;
    return line;
  }
  if (ended_) return std::nullopt;
  while (next_initial_ < initial_.size()) {
    const auto object = std::move(initial_[next_initial_++]);
    if (plan_.selection.matches(*object))
      return Line{Line::Kind::kEvent, plan_.representation->event("ADDED", *object)};
  }
  if (initial_end_due_) {
    initial_end_due_ = false;
    return bookmark(true);
  }
  while (!queue_.empty()) {
    const auto event = std::move(queue_.front());
    queue_.pop_front();
    version_ = event.version();
    if (auto line = line_of(event)) return line;
  }
  return std::nullopt;
}

std::optional<Watch::Line> Watch::line_of(const Event& event) const {
  const auto& selection = plan_.selection;
  const bool was = event.previous && selection.matches(*event.previous);
  const bool is = event.type != Event::Type::kDeleted && selection.matches(*event.object);
  if (!was && !is) return std::nullopt;
  if (is) {
    return Line{Line::Kind::kEvent, plan_.representation->event(was ? "MODIFIED" : "ADDED", *event.object)};
  }
  // An object that stops matching leaves this watch in the last state that matched, under the version of the change.
  const auto last =
      event.type == Event::Type::kDeleted ? event.object : Storage::restamp(*event.previous, event.version());
  return Line{Line::Kind::kEvent, plan_.representation->event("DELETED", *last)};
}

Watch::Line Watch::bookmark(bool ends_initial_events) const {
  // With nothing left to hand out, this watch knows everything up to the storage's own version.
  const auto version = ends_initial_events ? version_ : std::max(version_, storage_.version());
  return {Line::Kind::kBookmark, plan_.representation->bookmark(version, ends_initial_events)};
}

}  // namespace ferry::apiserver
