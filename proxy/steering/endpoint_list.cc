#include "proxy/steering/endpoint_list.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <utility>

#include "proxy/bpf/addresses.h"

namespace ferry::proxy {

namespace {

int compare(const ferry_steered_endpoint& a, const ferry_steered_endpoint& b) { return std::memcmp(&a, &b, sizeof(a)); }

struct Place {
  ferry_steered_endpoint endpoint;
  std::size_t index;
};

/// What is to go from where, and what is to come.
struct Difference {
  std::vector<std::size_t> gone;
  std::vector<ferry_steered_endpoint> come;
};

Difference difference(const std::vector<ferry_steered_endpoint>& there, const config::BackendSet& wanted) {
  std::vector<Place> before;
  before.reserve(there.size());
  for (std::size_t index = 0; index < there.size(); ++index) before.push_back({there[index], index});
  std::vector<ferry_steered_endpoint> after;
  after.reserve(wanted.backends.size());
  for (const config::Backend& backend : wanted.backends) {
    after.push_back({layout_of(backend.address), backend.port, 0});
  }
  std::sort(before.begin(), before.end(),
            [](const Place& a, const Place& b) { return compare(a.endpoint, b.endpoint) < 0; });
  std::sort(after.begin(), after.end(), [](const auto& a, const auto& b) { return compare(a, b) < 0; });
  Difference made;
  auto old = before.begin();
  for (const ferry_steered_endpoint& endpoint : after) {
    for (; old != before.end() && compare(old->endpoint, endpoint) < 0; ++old) made.gone.push_back(old->index);
    if (old != before.end() && compare(old->endpoint, endpoint) == 0) {
      ++old;
    } else {
      made.come.push_back(endpoint);
    }
  }
  for (; old != before.end(); ++old) made.gone.push_back(old->index);
  return made;
}

}  // namespace

void EndpointList::adopt(__u32 number, std::vector<ferry_steered_endpoint> there) {
  number_ = number;
  endpoints_ = std::move(there);
  places_ = endpoints_.size();
}

bool EndpointList::put(KernelSide& kernel, std::size_t index, const ferry_steered_endpoint& endpoint, bool members) {
  if (members && !kernel.members().put({number_, endpoint}, 1)) return false;
  if (kernel.endpoints().put({number_, static_cast<__u32>(index)}, endpoint)) return true;
  // Where it moves from one place to another it stays a member.
  if (members && !contains(endpoint)) kernel.members().drop({number_, endpoint});
  return false;
}

bool EndpointList::bring(KernelSide& kernel, __u32 number, const config::BackendSet& wanted, bool members) {
  number_ = number;
  if (std::exchange(members_, members) != members) {
    for (const ferry_steered_endpoint& endpoint : endpoints_) {
      if (!members) {
        former_members_.push_back(endpoint);
      } else if (!kernel.members().put({number_, endpoint}, 1)) {
        return false;
      }
    }
  }
  auto [gone, come] = difference(endpoints_, wanted);
  const auto forget = [this, members](const ferry_steered_endpoint& endpoint) {
    if (members) former_members_.push_back(endpoint);
  };
  while (!gone.empty() && !come.empty()) {
    ferry_steered_endpoint& place = endpoints_[gone.back()];
    if (!put(kernel, gone.back(), come.back(), members)) return false;
    forget(std::exchange(place, come.back()));
    gone.pop_back();
    come.pop_back();
  }
  for (const ferry_steered_endpoint& endpoint : come) {
    if (!put(kernel, endpoints_.size(), endpoint, members)) return false;
    endpoints_.push_back(endpoint);
    places_ = std::max(places_, endpoints_.size());
  }
  // From the last place on, so that what moves is never one that is to go.
  std::sort(gone.begin(), gone.end(), std::greater<>());
  for (const std::size_t index : gone) {
    const ferry_steered_endpoint last = endpoints_.back();
    forget(endpoints_[index]);
    if (index + 1 != endpoints_.size()) {
      if (!put(kernel, index, last, members)) return false;
      endpoints_[index] = last;
    }
    endpoints_.pop_back();
  }
  return true;
}

bool EndpointList::contains(const ferry_steered_endpoint& endpoint) const {
  return std::any_of(endpoints_.begin(), endpoints_.end(),
                     [&endpoint](const ferry_steered_endpoint& one) { return compare(one, endpoint) == 0; });
}

void EndpointList::settle(KernelSide& kernel) {
  auto endpoints = kernel.endpoints();
  for (; places_ > endpoints_.size(); --places_) endpoints.drop({number_, static_cast<__u32>(places_ - 1)});
  auto members = kernel.members();
  for (const ferry_steered_endpoint& endpoint : std::exchange(former_members_, {})) members.drop({number_, endpoint});
}

void EndpointList::clear(KernelSide& kernel) {
  if (std::exchange(members_, false)) {
    former_members_.insert(former_members_.end(), endpoints_.begin(), endpoints_.end());
  }
  endpoints_.clear();
  settle(kernel);
}

}  // namespace ferry::proxy
