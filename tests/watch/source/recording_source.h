#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "config/store.h"

namespace ferry::testing {

/// A store's source that keeps what it is given as sorted names, and counts how often it was given everything anew.
class RecordingSource final : public config::Store::Source {
 public:
  using Names = std::vector<std::string>;

  const std::string& name() const override { return name_; }

  void set_services(std::vector<config::Service> services) override {
    ++service_sets_;
    services_.clear();
    for (config::Service& service : services) add_service(std::move(service));
  }
  void add_service(config::Service service) override {
    remove_service(service.name);
    services_.push_back(std::move(service));
  }
  void remove_service(const config::NamespacedName& name) override {
    std::erase_if(services_, [&name](const config::Service& service) { return service.name == name; });
  }

  void set_slices(std::vector<config::EndpointSlice> slices) override {
    ++slice_sets_;
    slices_.clear();
    for (config::EndpointSlice& slice : slices) add_slice(std::move(slice));
  }
  void add_slice(config::EndpointSlice slice) override {
    remove_slice(slice.name);
    slices_.push_back(std::move(slice));
  }
  void remove_slice(const config::NamespacedName& name) override {
    std::erase_if(slices_, [&name](const config::EndpointSlice& slice) { return slice.name == name; });
  }

  Names services() const { return sorted(services_); }
  Names slices() const { return sorted(slices_); }
  int service_sets() const { return service_sets_; }
  int slice_sets() const { return slice_sets_; }

 private:
  template <class T>
  static Names sorted(const std::vector<T>& objects) {
    Names names;
    for (const T& object : objects) names.push_back(object.name.name);
    std::sort(names.begin(), names.end());
    return names;
  }

  std::string name_ = "recording";
  std::vector<config::Service> services_;
  std::vector<config::EndpointSlice> slices_;
  int service_sets_ = 0;
  int slice_sets_ = 0;
};

}  // namespace ferry::testing
