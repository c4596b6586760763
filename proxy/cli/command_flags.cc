#include "proxy/cli/command_flags.h"

#include <charconv>
#include <system_error>

#include <spdlog/fmt/fmt.h>

#include "proxy/cli/admin_client.h"
#include "proxy/cli/text.h"
#include "proxy/options/bind_address.h"
#include "proxy/options/unknown_argument.h"
#include "proxy/options/usage_error.h"
#include "proxy/settings/duration.h"

namespace ferry::cli {

namespace {

using proxy::UsageError;

/// The widest name stands in this many columns.
constexpr std::size_t kExplanationColumn = 30;
constexpr std::size_t kMostConnections = 1000;
constexpr std::chrono::milliseconds kShortestInterval{100};
constexpr std::chrono::milliseconds kShortestTimeout{1};

/// Writes the usage that is given rather than CLI11's own, which knows nothing of what may stand together.
class CommandFormatter : public CLI::Formatter {
 public:
  explicit CommandFormatter(std::string usage) : usage_(std::move(usage)) { column_width(kExplanationColumn); }

  std::string make_usage(const CLI::App* /*app*/, std::string /*name*/) const override {
    std::string text = "Usage: " + usage_;
    for (auto at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1))
      text.insert(at + 1, "       ");
    return text + "\n";
  }
  std::string make_positionals(const CLI::App* /*app*/) const override { return {}; }

 private:
  std::string usage_;
};

std::vector<std::string> flag_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* const option : app.get_options()) {
    if (!option->get_lnames().empty()) names.push_back("--" + option->get_lnames().front());
  }
  return names;
}

/// CLI11 leaves two blank lines between its groups; one is enough.
std::string help_of(const CLI::App& app) {
  std::string text = app.help();
  for (auto at = text.find("\n\n\n"); at != std::string::npos; at = text.find("\n\n\n")) text.erase(at, 1);
  return text;
}

std::chrono::milliseconds checked_duration(const char* flag, const std::string& text, std::chrono::milliseconds least,
                                           std::chrono::milliseconds without) {
  if (text.empty()) return without;
  const auto duration = proxy::parse_duration(text);
  if (!duration) {
    throw UsageError(fmt::format("{} {}: not a duration; write a number and a unit, such as 500ms, 2s or 1m", flag,
                                 printable(text)));
  }
  const auto whole = std::chrono::ceil<std::chrono::milliseconds>(*duration);
  if (whole >= least) return whole;
  throw UsageError(
      fmt::format("{} {}: too short; give at least {}", flag, printable(text), proxy::format_duration(least)));
}

}  // namespace

std::unique_ptr<CLI::App> make_app(const std::string& command, const std::string& usage, const std::string& description,
                                   RawFlags& flags) {
  auto app = std::make_unique<CLI::App>(description, "kube-ferry " + command);
  app->formatter(std::make_shared<CommandFormatter>(usage));
  app->option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app->set_help_flag("-h,--help", "Print this and exit");
  // Whatever is no flag; what may stand there differs, and is checked with sentences of its own.
  app->add_option("words", flags.words)->take_all()->group("");
  return app;
}

void define_socket(CLI::App& app, RawFlags& flags) {
  app.add_option("--socket", flags.socket,
                 fmt::format("The --admin-socket of the kube-ferry to ask (default\n{}, or what the "
                             "environment's\nKUBE_FERRY_SOCKET says)",
                             kDefaultSocket))
      ->envname("KUBE_FERRY_SOCKET")
      ->option_text("PATH");
}

void define_namespace(CLI::App& app, RawFlags& flags) {
  app.add_option("-n,--namespace", flags.namespace_name, "Only this namespace")->option_text("NAMESPACE");
}

std::optional<HelpText> parse_flags(CLI::App& app, const std::vector<std::string>& arguments) {
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend() - 1);
  const std::string program = app.get_name();
  try {
    app.parse(reversed);
  } catch (const CLI::CallForHelp&) {
    return HelpText{help_of(app)};
  } catch (const CLI::ExtrasError&) {
    throw UsageError(proxy::explain_unknown_argument(printable(app.remaining().front()), flag_names(app), program));
  } catch (const CLI::ArgumentMismatch& error) {
    const std::string text = error.what();
    throw UsageError(fmt::format("{} needs a value; {} --help explains it", text.substr(0, text.find(':')), program));
  } catch (const CLI::ParseError& error) {
    throw UsageError(fmt::format("{}; {} --help explains every flag", printable(error.what()), program));
  }
  return std::nullopt;
}

std::string checked_socket(const RawFlags& flags) {
  if (path_fits(flags.socket)) return flags.socket;
  if (flags.socket.empty()) {
    throw UsageError(
        fmt::format("--socket '': give the path of kube-ferry's --admin-socket, such as {}", kDefaultSocket));
  }
  throw UsageError(
      fmt::format("--socket {}: longer than the 107 bytes that a unix socket's path may have; give a shorter one, "
                  "such as a link to it",
                  printable(flags.socket)));
}

int checked_log_level(const std::string& word) {
  constexpr int kHighest = 10;
  int level = 0;
  const char* const end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, level);
  if (error == std::errc{} && stop == end && level >= 0 && level <= kHighest) return level;
  throw UsageError(fmt::format("set log-level {}: give a whole number from 0 to 10", printable(word)));
}

SortKey checked_sort(const RawFlags& flags, SortKey without) {
  if (flags.sort.empty()) return without;
  if (const auto key = sort_key_of(flags.sort)) return *key;
  throw UsageError(fmt::format("--sort {}: give {}", printable(flags.sort), sort_key_names()));
}

GetOptions::Format checked_format(const RawFlags& flags) {
  if (flags.output.empty()) return GetOptions::Format::kTable;
  if (flags.output == "wide") return GetOptions::Format::kWide;
  if (flags.output == "json") return GetOptions::Format::kJson;
  throw UsageError(fmt::format("-o {}: give wide or json, or leave it out", printable(flags.output)));
}

std::size_t checked_limit(const RawFlags& flags, std::size_t without) {
  if (flags.limit.empty()) return without;
  std::size_t limit = 0;
  const char* const end = flags.limit.data() + flags.limit.size();
  const auto [stop, error] = std::from_chars(flags.limit.data(), end, limit);
  if (error == std::errc{} && stop == end && limit >= 1 && limit <= kMostConnections) return limit;
  throw UsageError(
      fmt::format("--limit {}: give a whole number from 1 to {}", printable(flags.limit), kMostConnections));
}

std::chrono::milliseconds checked_interval(const RawFlags& flags, std::chrono::milliseconds without) {
  return checked_duration("--interval", flags.interval, kShortestInterval, without);
}

boost::asio::ip::tcp::endpoint checked_health_address(const RawFlags& flags) {
  const std::string value = printable(flags.healthz_bind_address);
  const auto address =
      proxy::parse_bind_address("--healthz-bind-address", value.empty() ? "0.0.0.0" : value, proxy::kHealthzPort);
  if (address->port() != 0) {
    const auto ip = address->address();
    if (!ip.is_unspecified()) return *address;
    // What listens at all addresses answers at this one, too.
    if (ip.is_v6()) return {boost::asio::ip::address_v6::loopback(), address->port()};
    return {boost::asio::ip::address_v4::loopback(), address->port()};
  }
  throw UsageError(fmt::format("--healthz-bind-address {}: give the port that kube-ferry's log tells", value));
}

std::chrono::milliseconds checked_timeout(const RawFlags& flags, std::chrono::milliseconds without) {
  return checked_duration("--timeout", flags.timeout, kShortestTimeout, without);
}

void check_words(const RawFlags& flags, std::size_t most, const std::string& what) {
  if (flags.words.size() <= most) return;
  throw UsageError(fmt::format("unexpected argument '{}'; {}", printable(flags.words[most]), what));
}

ServiceName parse_service_name(const std::string& command, const std::string& text) {
  const auto slash = text.find('/');
  const bool one_slash = slash != std::string::npos && text.find('/', slash + 1) == std::string::npos;
  if (!one_slash || slash == 0 || slash + 1 == text.size()) {
    throw UsageError(
        fmt::format("{} {}: not a service; write NAMESPACE/NAME, such as default/web", command, printable(text)));
  }
  return {text.substr(0, slash), text.substr(slash + 1)};
}

}  // namespace ferry::cli
