#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace ferry::proxy {

/// `kube-ferry check`: looks at everything a start with these arguments would depend on, changes nothing, and prints
/// what was found. `arguments` are those behind the command: the daemon's own, and -o. The exit code: 1 when something
/// stands in the way. Throws UsageError for a wrong command line, std::exception for a broken --config.
int check_command(std::vector<std::string> arguments, std::ostream& out);

/// Shows the definitions of the flags that check has beside the daemon's.
void show_check_flags(const std::function<void(const CLI::App&)>& see);

}  // namespace ferry::proxy
