#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <boost/asio/ip/tcp.hpp>

#include "proxy/cli/service_list.h"
#include "proxy/cli/service_sort.h"

namespace CLI {
class App;
}  // namespace CLI

namespace ferry::cli {

constexpr const char* kDefaultSocket = "/run/kube-ferry/admin.sock";

struct GetOptions {
  enum class Resource : std::uint8_t { kServices, kEndpoints, kConnections };
  enum class Format : std::uint8_t { kTable, kWide, kJson };

  std::string socket = kDefaultSocket;
  Resource resource = Resource::kServices;
  Format format = Format::kTable;
  /// Of services: a part of the name or of an address.
  std::string pattern{};
  /// Of services and endpoints: nothing else than this namespace.
  std::string namespace_name{};
  /// Of endpoints and connections: nothing else than this service.
  std::optional<ServiceName> service{};
  SortKey sort = SortKey::kName;
  std::size_t limit = 100;

  friend bool operator==(const GetOptions&, const GetOptions&) = default;
};

struct ExplainOptions {
  std::string socket = kDefaultSocket;
  ServiceName service{};
  /// Name or number of one of its ports; empty: all of them.
  std::string port{};

  friend bool operator==(const ExplainOptions&, const ExplainOptions&) = default;
};

struct TopOptions {
  enum class Mode : std::uint8_t { kScreen, kBatch, kOnce };

  std::string socket = kDefaultSocket;
  Mode mode = Mode::kScreen;
  SortKey sort = SortKey::kConnections;
  std::chrono::milliseconds interval = std::chrono::seconds{2};
  std::string namespace_name{};

  friend bool operator==(const TopOptions&, const TopOptions&) = default;
};

struct ProbeOptions {
  /// Where kube-ferry serves its health.
  boost::asio::ip::tcp::endpoint address;
  /// "/livez" or "/healthz".
  std::string page = "/livez";
  /// From the connect to the answer's last byte.
  std::chrono::milliseconds timeout = std::chrono::seconds{2};

  friend bool operator==(const ProbeOptions&, const ProbeOptions&) = default;
};

struct SetOptions {
  std::string socket = kDefaultSocket;
  /// From 0 to 10.
  int log_level = 0;

  friend bool operator==(const SetOptions&, const SetOptions&) = default;
};

struct UpgradeOptions {
  std::string socket = kDefaultSocket;
  /// Until the new process serves.
  std::chrono::milliseconds timeout = std::chrono::minutes{2};

  friend bool operator==(const UpgradeOptions&, const UpgradeOptions&) = default;
};

/// What --help asks for, to be printed instead of anything else.
struct HelpText {
  std::string text;
};

using CommandLine =
    std::variant<HelpText, GetOptions, ExplainOptions, SetOptions, TopOptions, ProbeOptions, UpgradeOptions>;

/// "top", "get", "explain", "set", "upgrade" and "probe": what stands first on a command line that is for this folder.
bool is_command(std::string_view word);

/// Reads the arguments, the command first, which must be one. Throws proxy::UsageError.
CommandLine parse_command_line(const std::vector<std::string>& arguments);

/// Shows the definitions of each command's flags, for those who write about them.
void show_commands(const std::function<void(const CLI::App&)>& see);

}  // namespace ferry::cli
