#include "tests/apiserver/faults.h"

#include <algorithm>
#include <array>
#include <utility>

#include <spdlog/fmt/fmt.h>

namespace ferry::apiserver {
namespace {

using Action = Fault::Action;

constexpr std::array<std::pair<std::string_view, Action>, 10> kActions = {{{"error", Action::kError},
                                                                           {"error-event", Action::kErrorEvent},
                                                                           {"delay", Action::kDelay},
                                                                           {"reset", Action::kReset},
                                                                           {"cut", Action::kCut},
                                                                           {"garbage", Action::kGarbage},
                                                                           {"slow", Action::kSlow},
                                                                           {"silence", Action::kSilence},
                                                                           {"no-bookmarks", Action::kNoBookmarks},
                                                                           {"drop", Action::kDrop}}};

/// Whether a fault of this action strikes at this moment, when the request is (or is not) a watch. A watch is
/// answered before its first event, so what concerns its stream waits for an event.
bool strikes(Action action, Faults::Moment moment, bool watch) {
  switch (action) {
    case Action::kError:
    case Action::kDelay:
    case Action::kReset:
      return moment == Faults::Moment::kRequest;
    case Action::kErrorEvent:
      return watch && moment == Faults::Moment::kRequest;
    case Action::kNoBookmarks:
      return moment == Faults::Moment::kBookmark;
    case Action::kDrop:
      return false;
    default:
      return watch ? moment != Faults::Moment::kRequest : moment == Faults::Moment::kRequest;
  }
}

template <class T>
void read(const Json& json, const char* name, T& into, std::string& error) {
  const auto found = json.find(name);
  if (found == json.end()) return;
  if constexpr (std::is_same_v<T, std::string>) {
    if (found->is_string()) {
      into = found->get<std::string>();
      return;
    }
  } else {
    if (found->is_number_unsigned()) {
      into = found->get<T>();
      return;
    }
  }
  error = fmt::format("{}: wants {}", name, std::is_same_v<T, std::string> ? "a text" : "a number from 0");
}

}  // namespace

bool matches(const Fault& fault, std::string_view verb, std::string_view target) {
  return (fault.verb.empty() || fault.verb == verb) && target.find(fault.path) != std::string_view::npos;
}

void Faults::add(Fault fault) {
  const bool at_once = fault.action == Action::kDrop;
  const bool open_watches = at_once || (fault.action == Action::kReset && fault.verb == "watch");
  if (open_watches && on_open_watches_) on_open_watches_(fault);
  if (!at_once) faults_.push_back(std::move(fault));
}

void Faults::clear() { faults_.clear(); }

std::optional<Fault> Faults::strike(Moment moment, std::string_view verb, std::string_view target) {
  for (auto i = faults_.begin(); i != faults_.end(); ++i) {
    if (!strikes(i->action, moment, verb == "watch") || !matches(*i, verb, target)) continue;
    if (i->skip > 0) {
      --i->skip;
      continue;
    }
    Fault fault = *i;
    if (i->count == 1) {
      faults_.erase(i);
    } else if (i->count > 1) {
      --i->count;
    }
    return fault;
  }
  return std::nullopt;
}

Json Faults::to_json() const {
  Json list = Json::array();
  for (const auto& fault : faults_) {
    const auto* name =
        std::find_if(kActions.begin(), kActions.end(), [&](const auto& a) { return a.second == fault.action; });
    list.push_back({{"action", name->first},
                    {"verb", fault.verb},
                    {"path", fault.path},
                    {"count", fault.count},
                    {"skip", fault.skip},
                    {"code", fault.code},
                    {"retryAfterSeconds", fault.retry_after},
                    {"delayMilliseconds", fault.delay.count()},
                    {"bytes", fault.bytes},
                    {"text", fault.text}});
  }
  return {{"faults", list}};
}

Result<Fault> Faults::parse(const Json& json) {
  if (!json.is_object()) return bad_request("a fault is a JSON object");
  static constexpr std::array<std::string_view, 10> kFields = {
      "action", "verb", "path", "count", "skip", "code", "retryAfterSeconds", "delayMilliseconds", "bytes", "text"};
  for (const auto& item : json.items()) {
    if (std::find(kFields.begin(), kFields.end(), item.key()) == kFields.end()) {
      return bad_request(fmt::format("{}: no such field; there are {}", item.key(), fmt::join(kFields, ", ")));
    }
  }
  Fault fault;
  std::string action;
  std::string error;
  std::size_t delay = 0;
  std::size_t code = 500;
  std::size_t retry_after = 0;
  read(json, "action", action, error);
  read(json, "verb", fault.verb, error);
  read(json, "path", fault.path, error);
  read(json, "count", fault.count, error);
  read(json, "skip", fault.skip, error);
  read(json, "code", code, error);
  read(json, "retryAfterSeconds", retry_after, error);
  read(json, "delayMilliseconds", delay, error);
  read(json, "bytes", fault.bytes, error);
  read(json, "text", fault.text, error);
  if (error.empty() && (code < 400 || code > 599)) error = "code: wants 400 to 599";
  if (!error.empty()) return bad_request(error);
  const auto* known = std::find_if(kActions.begin(), kActions.end(), [&](const auto& a) { return a.first == action; });
  if (known == kActions.end()) {
    std::string names;
    for (const auto& [name, unused] : kActions) names += fmt::format("{}{}", names.empty() ? "" : ", ", name);
    return bad_request(fmt::format("action: \"{}\" is none of {}", action, names));
  }
  fault.action = known->second;
  fault.code = static_cast<int>(code);
  fault.retry_after = static_cast<int>(retry_after);
  fault.delay = std::chrono::milliseconds(delay);
  fault.bytes = std::max<std::size_t>(1, fault.bytes);
  return fault;
}

}  // namespace ferry::apiserver
