#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "proxy/cli/command_line.h"

/// What the commands have in common on a command line. What is wrong is thrown as proxy::UsageError.
namespace ferry::cli {

/// A command's flags as they were written; empty where they were not.
struct RawFlags {
  std::string socket = kDefaultSocket;
  std::string namespace_name;
  std::string sort;
  std::string output;
  std::string limit;
  std::string interval;
  std::string healthz_bind_address;
  std::string timeout;
  bool batch = false;
  bool once = false;
  /// Whatever is no flag.
  std::vector<std::string> words;
};

/// A command's parser with --help; `flags` must outlive it. `usage` is one line, or several with an end
/// between them, each without "Usage: ".
std::unique_ptr<CLI::App> make_app(const std::string& command, const std::string& usage, const std::string& description,
                                   RawFlags& flags);

void define_socket(CLI::App& app, RawFlags& flags);
void define_namespace(CLI::App& app, RawFlags& flags);

/// Parses the arguments, of which the first is the command itself. The help text when it was asked for.
std::optional<HelpText> parse_flags(CLI::App& app, const std::vector<std::string>& arguments);

std::string checked_socket(const RawFlags& flags);
/// A number from 0 to 10.
int checked_log_level(const std::string& word);
SortKey checked_sort(const RawFlags& flags, SortKey without);
GetOptions::Format checked_format(const RawFlags& flags);
std::size_t checked_limit(const RawFlags& flags, std::size_t without);
std::chrono::milliseconds checked_interval(const RawFlags& flags, std::chrono::milliseconds without);
boost::asio::ip::tcp::endpoint checked_health_address(const RawFlags& flags);
std::chrono::milliseconds checked_timeout(const RawFlags& flags, std::chrono::milliseconds without);

/// Throws when there are more words than `most`; `what` says what there may be.
void check_words(const RawFlags& flags, std::size_t most, const std::string& what);

/// "NAMESPACE/NAME"; a message names `command`.
ServiceName parse_service_name(const std::string& command, const std::string& text);

}  // namespace ferry::cli
