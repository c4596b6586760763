#include <stdexcept>

#include "proxy/steering/steering.h"

namespace ferry::proxy {

namespace {

constexpr const char* kNotBuilt = "this kube-ferry was built without it";

}  // namespace

std::unique_ptr<Steering> Steering::attach(const boost::asio::any_io_executor& /*executor*/,
                                           const SteeringOptions& /*options*/, const ServicePorts& /*service_ports*/,
                                           OnTrouble /*on_trouble*/, std::shared_ptr<spdlog::logger> /*logger*/) {
  throw std::runtime_error(kNotBuilt);
}

void Steering::try_to_load(const std::string& /*cgroup*/) { throw std::runtime_error(kNotBuilt); }

bool steering_was_built() { return false; }

}  // namespace ferry::proxy
