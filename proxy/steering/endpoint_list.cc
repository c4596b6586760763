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

ferry_steered_endpoint layout(const config::Backend& backend) { return {layout_of(backend.address), backend.port, 0}; }

/// How sets are sorted.
bool comes_before(const config::Backend& a, const config::Backend& b) {
  return a.address != b.address ? a.address < b.address : a.port < b.port;
}

/// So many endpoints are looked for one by one rather than sorted all.
constexpr std::size_t kFew = 8;

}  // namespace

void EndpointList::adopt(__u32 number, std::vector<ferry_steered_endpoint> there) {
  number_ = number;
  endpoints_ = std::move(there);
  places_ = endpoints_.size();
}

EndpointList::Difference EndpointList::difference(const config::BackendSet& wanted) const {
  std::vector<Place> before;
  before.reserve(endpoints_.size());
  for (std::size_t index = 0; index < endpoints_.size(); ++index) before.push_back({endpoints_[index], index});
  std::vector<ferry_steered_endpoint> after;
  after.reserve(wanted.backends.size());
  for (const config::Backend& backend : wanted.backends) after.push_back(layout(backend));
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

std::optional<EndpointList::Difference> EndpointList::small_difference(const config::BackendSet& wanted) const {
  if (!brought_) return std::nullopt;
  Difference made;
  const auto go = [this, &made](const config::Backend& backend) {
    const ferry_steered_endpoint endpoint = layout(backend);
    const auto found = std::find_if(endpoints_.begin(), endpoints_.end(),
                                    [&endpoint](const auto& one) { return compare(one, endpoint) == 0; });
    if (found != endpoints_.end()) made.gone.push_back(static_cast<std::size_t>(found - endpoints_.begin()));
  };
  auto old = brought_->backends.begin();
  const auto end = brought_->backends.end();
  for (const config::Backend& backend : wanted.backends) {
    for (; old != end && comes_before(*old, backend); ++old) {
      if (made.gone.size() == kFew) return std::nullopt;
      go(*old);
    }
    if (old != end && !comes_before(backend, *old)) {
      ++old;
    } else {
      made.come.push_back(layout(backend));
    }
  }
  for (; old != end; ++old) {
    if (made.gone.size() == kFew) return std::nullopt;
    go(*old);
  }
  return made;
}

bool EndpointList::put(KernelSide& kernel, std::size_t index, const ferry_steered_endpoint& endpoint, bool members) {
  if (members && !kernel.members().put({number_, endpoint}, 1)) return false;
  if (kernel.endpoints().put({number_, static_cast<__u32>(index)}, endpoint)) return true;
  // Where it moves from one place to another it stays a member.
  if (members && !contains(endpoint)) kernel.members().drop({number_, endpoint});
  return false;
}

bool EndpointList::bring(KernelSide& kernel, __u32 number, const std::shared_ptr<const config::BackendSet>& wanted,
                         bool members) {
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
  if (brought_ == wanted) return true;
  const auto small = small_difference(*wanted);
  auto [gone, come] = small ? *small : difference(*wanted);
  brought_ = nullptr;
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
  brought_ = wanted;
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
  brought_ = nullptr;
  settle(kernel);
}

}  // namespace ferry::proxy
