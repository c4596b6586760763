#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <boost/asio/ip/tcp.hpp>

#include "tests/e2e/address_block.h"
#include "tests/e2e/child_process.h"
#include "tests/e2e/http_client.h"
#include "tests/support/temporary_folder.h"

namespace ferry::testing {

/// The command line of the program under test.
std::vector<std::string> kube_ferry(std::vector<std::string> flags);

/// One Service with one port and the backends its EndpointSlice names.
struct Manifest {
  std::string address;
  std::uint16_t port = 0;
  std::vector<boost::asio::ip::tcp::endpoint> backends;

  std::string to_yaml() const;
};

/// kube-ferry following files, its admin pages on free ports that are read from its log.
class RunningDaemon {
 public:
  /// `environment`: further NAME=VALUE words.
  explicit RunningDaemon(std::vector<std::string> flags, std::vector<std::string> environment = {});

  HttpReply health(const std::string& path) const { return http("GET", health_url_ + path); }
  HttpReply metrics(const std::string& path) const { return http("GET", metrics_url_ + path); }
  const std::string& metrics_url() const { return metrics_url_; }
  /// Waits until the probes say that all is well.
  void wait_until_healthy() const;

  ChildProcess& process() { return process_; }

 private:
  ChildProcess process_;
  std::string health_url_;
  std::string metrics_url_;
};

/// All that a file holds; of one that cannot be read, nothing.
std::string content_of(const std::string& path);

/// A service address of this process with a port that is free there.
boost::asio::ip::tcp::endpoint free_service_address(const AddressBlock& block);

}  // namespace ferry::testing
