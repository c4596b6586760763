#include "proxy/manual/completion_command.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <utility>

#include <CLI/CLI.hpp>
#include <spdlog/fmt/fmt.h>

#include "proxy/cli/admin_client.h"
#include "proxy/cli/service_names.h"
#include "proxy/manual/complete.h"
#include "proxy/options/unknown_argument.h"
#include "proxy/options/usage_error.h"

namespace ferry::manual {

namespace embedded {
extern const std::string_view completion_bash;
extern const std::string_view completion_zsh;
extern const std::string_view completion_fish;
}  // namespace embedded

namespace {

using proxy::UsageError;

constexpr const char* kDescription = "Prints what lets a shell complete kube-ferry's command line by the Tab key.\n";

constexpr const char* kFooter =
    "To have it in this shell, and from the next one on:\n"
    "  bash  source <(kube-ferry completion bash)\n"
    "        kube-ferry completion bash >/etc/bash_completion.d/kube-ferry\n"
    "  zsh   source <(kube-ferry completion zsh)\n"
    "        kube-ferry completion zsh >/usr/local/share/zsh/site-functions/_kube-ferry\n"
    "  fish  kube-ferry completion fish | source\n"
    "        kube-ferry completion fish >/etc/fish/completions/kube-ferry.fish\n"
    "\n"
    "Names of services are asked of the kube-ferry that runs on this node.";

/// Nobody waits longer for a Tab.
constexpr cli::ClientLimits kLimits{std::chrono::milliseconds{700}, std::uint64_t{4} << 20U};
constexpr std::size_t kMostNames = 300;

class CompletionFormatter : public CLI::Formatter {
 public:
  std::string make_usage(const CLI::App* /*app*/, std::string /*name*/) const override {
    return "Usage: kube-ferry completion bash|zsh|fish\n";
  }
  std::string make_positionals(const CLI::App* /*app*/) const override { return {}; }
};

std::unique_ptr<CLI::App> make_app(std::vector<std::string>& words) {
  auto app = std::make_unique<CLI::App>(kDescription, "kube-ferry completion");
  app->formatter(std::make_shared<CompletionFormatter>());
  app->set_help_flag("-h,--help", "Print this and exit");
  app->add_option("words", words)->take_all()->group("");
  app->footer(kFooter);
  return app;
}

std::string_view script_for(const std::string& shell) {
  if (shell == "bash") return embedded::completion_bash;
  if (shell == "zsh") return embedded::completion_zsh;
  if (shell == "fish") return embedded::completion_fish;
  throw UsageError(fmt::format("completion {}: give bash, zsh or fish", shell));
}

}  // namespace

int completion_command(std::vector<std::string> arguments, std::ostream& out) {
  std::vector<std::string> words;
  const auto app = make_app(words);
  std::reverse(arguments.begin(), arguments.end());
  try {
    app->parse(arguments);
  } catch (const CLI::CallForHelp&) {
    out << app->help();
    return EXIT_SUCCESS;
  } catch (const CLI::ParseError&) {
    throw UsageError(proxy::explain_unknown_argument(arguments.front(), {"--help"}, "kube-ferry completion"));
  }
  if (words.size() != 1) throw UsageError("completion needs one shell; give bash, zsh or fish");
  out << script_for(words.front()) << std::flush;
  return EXIT_SUCCESS;
}

int complete_command(std::vector<std::string> words, std::ostream& out) {
  const AskForServices ask = [](const std::string& socket, const std::string& beginning) -> std::vector<std::string> {
    if (!cli::path_fits(socket)) return {};
    return cli::service_names([&](const std::string& target) { return cli::ask_and_wait(socket, target, kLimits); },
                              beginning, kMostNames);
  };
  out << to_lines(complete(read_manual(), std::move(words), ask)) << std::flush;
  return EXIT_SUCCESS;
}

void show_completion_flags(const std::function<void(const CLI::App&)>& see) {
  std::vector<std::string> words;
  see(*make_app(words));
}

}  // namespace ferry::manual
