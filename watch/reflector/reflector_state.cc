#include "watch/reflector/reflector_state.h"

namespace ferry::watch {
namespace {

/// A page of a quorum read.
constexpr unsigned kPageLimit = 500;
/// After so many watches without an event the version held is in doubt.
constexpr unsigned kFruitlessBeforeRelist = 3;
constexpr std::chrono::seconds kVeryShort{1};

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

ReflectorState::Next ReflectorState::retry(Step step, const ApiError& error) const {
  return {step, Pause::kBackoff, error.retry_after};
}

ReflectorState::Next ReflectorState::on_listed(const std::string& resource_version) {
  hold(resource_version);
  return {Step::kWatch, Pause::kNone, std::nullopt};
}

ReflectorState::Next ReflectorState::on_list_failed(const ApiError& error) {
  if (version_refused(error)) {
    const bool was_quorum_read = version_refused_;
    version_refused_ = true;
    // The quorum read is asked for at once, but only once: a server that refuses even that is given time.
    return was_quorum_read ? retry(Step::kList, error) : Next{Step::kList, Pause::kNone, std::nullopt};
  }
  if (error.kind == ApiError::Kind::kStatus && (error.http_status == 400 || error.is_not_found())) {
    return {Step::kGiveUp, Pause::kNone, std::nullopt};
  }
  return retry(Step::kList, error);
}

void ReflectorState::on_event(EventType type, const ObjectMeta& meta) {
  fruitless_ = 0;
  if (type != EventType::kAdded) unordered_ = false;
  if (!unordered_ && !meta.resource_version.empty()) version_ = meta.resource_version;
}

void ReflectorState::on_initial_events_end(const std::string& resource_version) { hold(resource_version); }

ReflectorState::Next ReflectorState::on_watch_list_failed(const WatchEnd& end) {
  if (!end.error || not_understood(*end.error) || end.error->kind == ApiError::Kind::kTimeout) {
    // It does not know WatchList and said so, or took it for a plain watch, whose initial events have no end.
    watch_list_ = false;
    return {Step::kList, Pause::kNone, std::nullopt};
  }
  if (version_refused(*end.error) && !version_refused_) {
    version_refused_ = true;
    return {Step::kWatchList, Pause::kNone, std::nullopt};
  }
  return retry(Step::kWatchList, *end.error);
}

ReflectorState::Next ReflectorState::on_version_checked() { return {Step::kWatch, Pause::kNone, std::nullopt}; }

ReflectorState::Next ReflectorState::on_version_check_failed(const ApiError& error) {
  if (version_refused(error)) {
    version_refused_ = true;
    return {relist(), Pause::kNone, std::nullopt};
  }
  if (not_understood(error)) return {Step::kWatch, Pause::kNone, std::nullopt};
  return retry(Step::kCheckVersion, error);
}

ReflectorState::Next ReflectorState::on_watch_ended(const WatchEnd& end) {
  if (!end.error) {
    if (end.events > 0 || end.lasted >= kVeryShort) {
      fruitless_ = 0;
      return {Step::kWatch, Pause::kNone, std::nullopt};
    }
    return after_failed_watch(very_short_watch());
  }
  return after_failed_watch(*end.error);
}

ReflectorState::Next ReflectorState::after_failed_watch(const ApiError& error) {
  // Back-off also before a relist: all the nodes' proxies meet the same 410 at the same moment.
  if (error.is_gone()) return retry(relist(), error);
  switch (error.kind) {
    case ApiError::Kind::kTransport:
      // A server that restarted from a backup is silent about versions it has not reached yet.
      return retry(Step::kCheckVersion, error);
    case ApiError::Kind::kTimeout:
      return retry(relist(), error);
    case ApiError::Kind::kStatus:
      if (error.is_too_many_requests()) return retry(Step::kWatch, error);
      if (error.is_not_found()) return retry(relist(), error);
      break;
    case ApiError::Kind::kProtocol:
    case ApiError::Kind::kCancelled:
      break;
  }
  if (++fruitless_ < kFruitlessBeforeRelist) return retry(Step::kWatch, error);
  fruitless_ = 0;
  return retry(relist(), error);
}

}  // namespace ferry::watch
