#include "watch/reflector/reflector_state.h"

#include <utility>

namespace ferry::watch {
namespace {

/// A page of a quorum read.
constexpr unsigned kPageLimit = 500;
/// After so many watches without an event the version held is in doubt.
constexpr unsigned kFruitlessBeforeRelist = 3;
/// After so many WatchLists without an end the server is one that takes them for plain watches.
constexpr unsigned kEndlessBeforeList = 2;
/// A server may end a watch a little before the time it was asked for.
constexpr std::chrono::seconds kPunctual{5};

bool version_refused(const ApiError& error) { return error.is_gone() || error.resource_version_too_large; }

/// The server does not know this way of asking, as opposed to being unable to answer now.
bool not_understood(const ApiError& error) {
  if (error.kind != ApiError::Kind::kStatus) return false;
  switch (error.http_status) {
    case 400:
    case 404:
    case 405:
    case 406:
    case 415:
    case 422:
    case 501:
      return true;
    default:
      return false;
  }
}

ApiError very_short_watch() {
  ApiError error;
  error.kind = ApiError::Kind::kProtocol;
  error.message = "very short watch: it ended within a second without an event";
  return error;
}

ReflectorState::Next at_once(ReflectorState::Step step) { return {step, ReflectorState::Pause::kNone, std::nullopt}; }

ReflectorState::Next retry(ReflectorState::Step step, const ApiError& error) {
  return {step, ReflectorState::Pause::kBackoff, error.retry_after};
}

}  // namespace

std::string ReflectorState::list_version() const {
  if (version_refused_) return {};
  return version_.empty() ? "0" : version_;
}

unsigned ReflectorState::page_limit() const { return list_version().empty() ? kPageLimit : 0; }

void ReflectorState::hold(const std::string& resource_version) {
  version_ = resource_version;
  version_refused_ = false;
  unordered_ = version_.empty() || version_ == "0";
  fruitless_ = 0;
}

ReflectorState::Step ReflectorState::resume() const {
  return server_.checks_versions && !version_.empty() && version_ != "0" ? Step::kCheckVersion : Step::kWatch;
}

ReflectorState::Next ReflectorState::on_listed(const std::string& resource_version) {
  hold(resource_version);
  return at_once(Step::kWatch);
}

ReflectorState::Next ReflectorState::on_list_failed(const ApiError& error) {
  if (version_refused(error)) {
    const bool was_quorum_read = std::exchange(version_refused_, true);
    // The quorum read is asked for at once, but only once: a server that refuses even that is given time.
    return was_quorum_read ? retry(Step::kList, error) : at_once(Step::kList);
  }
  if (error.kind == ApiError::Kind::kStatus && (error.http_status == 400 || error.is_not_found())) {
    return at_once(Step::kGiveUp);
  }
  return retry(Step::kList, error);
}

void ReflectorState::on_event(EventType type, const ObjectMeta& meta) {
  fruitless_ = 0;
  if (type != EventType::kAdded) unordered_ = false;
  if (!unordered_ && !meta.resource_version.empty()) version_ = meta.resource_version;
}

void ReflectorState::on_initial_events_end(const std::string& resource_version) {
  hold(resource_version);
  endless_ = 0;
}

ReflectorState::Next ReflectorState::list_instead(Pause pause, const ApiError* error) {
  if (++endless_ >= kEndlessBeforeList) server_.watch_list = false;
  return {Step::kList, pause, error == nullptr ? std::nullopt : error->retry_after};
}

ReflectorState::Next ReflectorState::on_watch_list_failed(const WatchEnd& end) {
  // A server that takes it for a plain watch never marks the end of the initial events: it falls silent, or ends it.
  if (!end.error) return list_instead(Pause::kNone, nullptr);
  const ApiError& error = *end.error;
  if (error.kind == ApiError::Kind::kTimeout) return list_instead(Pause::kNone, nullptr);
  if (version_refused(error)) {
    const bool was_quorum_read = std::exchange(version_refused_, true);
    return was_quorum_read ? retry(Step::kWatchList, error) : at_once(Step::kWatchList);
  }
  if (not_understood(error)) {
    server_.watch_list = false;
    return at_once(Step::kList);
  }
  if (error.kind == ApiError::Kind::kTransport || error.is_too_many_requests()) return retry(Step::kWatchList, error);
  return list_instead(Pause::kBackoff, &error);
}

ReflectorState::Next ReflectorState::on_version_checked() { return at_once(Step::kWatch); }

ReflectorState::Next ReflectorState::on_version_check_failed(const ApiError& error, Pause before) {
  if (version_refused(error)) {
    version_refused_ = true;
    // A server that is back at once has all the nodes' proxies ask at the same moment; those that waited before come
    // one after the other.
    return before == Pause::kNone ? retry(relist(), ApiError{}) : at_once(relist());
  }
  if (not_understood(error)) return at_once(Step::kWatch);
  return retry(Step::kCheckVersion, error);
}

ReflectorState::Next ReflectorState::on_watch_ended(const WatchEnd& end) {
  if (end.error) return after_failure(end, *end.error);
  if (end.brief()) {
    return end.events == 0 ? fruitless_watch(Step::kWatch, very_short_watch()) : retry(Step::kWatch, ApiError{});
  }
  fruitless_ = 0;
  // A server that goes away ends its watches before their time.
  return at_once(end.lasted + kPunctual < end.asked ? resume() : Step::kWatch);
}

ReflectorState::Next ReflectorState::after_failure(const WatchEnd& end, const ApiError& error) {
  if (error.resource_version_too_large) version_refused_ = true;
  // Back-off also before a relist: all the nodes' proxies meet the same 410 at the same moment.
  if (version_refused(error) || error.is_not_found()) return retry(relist(), error);
  if (error.is_too_many_requests()) return retry(Step::kWatch, error);
  if (error.kind == ApiError::Kind::kTransport) return end.brief() ? retry(resume(), error) : at_once(resume());
  if (error.kind == ApiError::Kind::kTimeout) {
    if (end.events > 0) return retry(resume(), error);
    // Silence from the start may mean that the server has not reached the version held.
    return server_.checks_versions ? fruitless_watch(resume(), error) : retry(relist(), error);
  }
  return fruitless_watch(Step::kWatch, error);
}

ReflectorState::Next ReflectorState::fruitless_watch(Step again, const ApiError& error) {
  if (++fruitless_ < kFruitlessBeforeRelist) return retry(again, error);
  fruitless_ = 0;
  return retry(relist(), error);
}

}  // namespace ferry::watch
