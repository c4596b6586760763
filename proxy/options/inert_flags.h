#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace ferry::proxy {

/// The group of the flags below.
inline constexpr const char* kInertGroup = "Of kube-proxy's";

/// kube-proxy's flags that have no meaning for a proxy that relays, such as --proxy-mode: what stands on a command line
/// written for kube-proxy is accepted.
void define_inert_flags(CLI::App& app);

/// Leaves them out of the help. Not before parsing: CLI11 cannot name a hidden flag in what it says of a mistake.
void hide_inert_flags(CLI::App& app);

/// Those that the parsed command line holds, in the order of their definition. Throws UsageError in one sentence for a
/// value that kube-proxy would not take either.
std::vector<std::string> given_inert_flags(const CLI::App& app);

}  // namespace ferry::proxy
