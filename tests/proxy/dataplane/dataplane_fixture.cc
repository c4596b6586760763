#include "tests/proxy/dataplane/dataplane_fixture.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <iterator>
#include <string_view>
#include <utility>

#include <boost/asio/steady_timer.hpp>
#include <spdlog/sinks/ostream_sink.h>
#include <unistd.h>

#include "tests/support/own_network.h"

namespace ferry::proxy::testing {

namespace {

config::IpAddress parse(const std::string& text) { return config::IpAddress::parse(text).value(); }

config::ServicePortName name_of(const TestService& service) { return {{"test", service.name}, "", service.protocol}; }

std::shared_ptr<const config::ServicePortInfo> info_of(const TestService& service) {
  auto info = std::make_shared<config::ServicePortInfo>();
  info->name = name_of(service);
  info->port = service.port;
  for (const std::string& address : service.addresses) {
    info->cluster_ips.push_back(parse(address));
  }
  std::array<config::BackendSet, 2> sets;
  for (const config::Backend& backend : service.backends) {
    sets.at(static_cast<std::size_t>(backend.address.family())).backends.push_back(backend);
  }
  for (std::size_t family = 0; family < sets.size(); ++family) {
    std::sort(sets.at(family).backends.begin(), sets.at(family).backends.end());
    info->backends.at(family).cluster = std::make_shared<config::BackendSet>(sets.at(family));
    info->backends.at(family).any_usable = !sets.at(family).empty();
    config::BackendSet local;
    std::copy_if(sets.at(family).backends.begin(), sets.at(family).backends.end(), std::back_inserter(local.backends),
                 [](const config::Backend& backend) { return backend.local; });
    info->backends.at(family).local = std::make_shared<config::BackendSet>(std::move(local));
  }
  if (service.also) service.also(*info);
  return info;
}

}  // namespace

config::Backend backend(const std::string& address, std::uint16_t port) { return {parse(address), port, false, false}; }

config::Backend backend_at(const TestListener& listener) { return {listener.address(), listener.port(), false, false}; }

config::Backend local_backend_at(const TestListener& listener) {
  return {listener.address(), listener.port(), true, false};
}

CaptureMethod wanted_capture() {
  const char* const named = std::getenv("FERRY_TEST_CAPTURE");
  return named != nullptr && std::string_view(named) == "sk_lookup" ? CaptureMethod::kSkLookup : CaptureMethod::kBind;
}

DataplaneFixture::DataplaneFixture(CaptureMethod capture) : capture_(capture) {
  if (capture_ == CaptureMethod::kSkLookup) {
    ferry::testing::enter_own_network();
    ferry::testing::ip("link set lo up");
    ferry::testing::ip("-6 route add local fd00:96::/64 dev lo");
  }
  // The context opens descriptors of its own with its first timer.
  const boost::asio::steady_timer first(control_);
  descriptors_before_ = open_descriptors();
  options_.workers = 2;
  use(options_);
}

DataplaneFixture::~DataplaneFixture() {
  if (dataplane_) {
    dataplane_->stop();
    dataplane_.reset();
  }
  control_.restart();
  control_.poll();
  EXPECT_EQ(open_descriptors(), descriptors_before_) << "a descriptor is left open";
}

void DataplaneFixture::use(const DataplaneOptions& options) {
  options_ = options;
  options_.capture = capture_;
}

Dataplane& DataplaneFixture::dataplane() {
  if (!dataplane_) {
    const auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(log_);
    dataplane_ =
        std::make_unique<Dataplane>(control_.get_executor(), options_, std::make_shared<spdlog::logger>("test", sink));
    dataplane_->start();
  }
  return *dataplane_;
}

TestService DataplaneFixture::new_service(const std::string& name, std::vector<config::Backend> backends) {
  // Where no daemon that runs beside the tests has its service range: it would refuse what comes there.
  const int process = ::getpid();
  const std::string address =
      "127.98." + std::to_string(process / 250 % 250 + 1) + "." + std::to_string(process % 250 + 1);
  return TestService{name, {address}, free_port(address), std::move(backends), config::Protocol::kTcp, {}};
}

config::ServicePortChange DataplaneFixture::change_to(const TestService& service) {
  std::shared_ptr<const config::ServicePortInfo>& current = current_[name_of(service)];
  const config::ServicePortChange change{name_of(service), current, info_of(service)};
  current = change.after;
  return change;
}

config::ServicePortChange DataplaneFixture::change_to_none(const TestService& service) {
  const config::ServicePortChange change{name_of(service), current_[name_of(service)], nullptr};
  current_.erase(name_of(service));
  return change;
}

void DataplaneFixture::set(const TestService& service) { apply({change_to(service)}); }

void DataplaneFixture::remove(const TestService& service) { apply({change_to_none(service)}); }

void DataplaneFixture::apply(const std::vector<config::ServicePortChange>& changes) {
  dataplane().apply(changes);
  ASSERT_TRUE(wait_until_done());
}

bool DataplaneFixture::wait_until_done() {
  return wait_until([&] {
    const DataplaneSnapshot now = dataplane().snapshot();
    return now.batches_done == now.batches_posted && now.listeners_closing == 0;
  });
}

bool DataplaneFixture::wait_until(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) {
      return false;
    }
    control_.restart();
    control_.run_for(std::chrono::milliseconds{1});
  }
  return true;
}

ConnectionCounters DataplaneFixture::counters(const TestService& service) {
  for (const ServicePortSnapshot& port : dataplane().snapshot().service_ports) {
    if (*port.name == name_of(service)) {
      return port.connections;
    }
  }
  return {};
}

}  // namespace ferry::proxy::testing
