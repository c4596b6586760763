#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace ferry::manual {

/// `kube-ferry completion bash|zsh|fish`: prints what the shell completes command lines by. `arguments` are those
/// behind the command. The exit code; throws proxy::UsageError for a shell that it does not know.
int completion_command(std::vector<std::string> arguments, std::ostream& out);

/// What those scripts ask for at each Tab: `kube-ferry __complete WORD...`. Prints nothing rather than fail.
int complete_command(std::vector<std::string> words, std::ostream& out);
inline constexpr const char* kCompleteCommand = "__complete";

/// Shows the definitions of the flags of `kube-ferry completion`.
void show_completion_flags(const std::function<void(const CLI::App&)>& see);

}  // namespace ferry::manual
