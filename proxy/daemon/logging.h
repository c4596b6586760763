#pragma once

#include <memory>
#include <string>

#include <spdlog/logger.h>

namespace ferry::proxy {

/// Sets up logging to stderr, one line a message: time, level, component, text, each message limited in rate. Where
/// stderr is systemd's journal, which has times of its own: priority, component, text (journal.h).
/// `verbosity` as --v: up to 2 info, up to 5 debug, above trace. The default logger is the component "kube-ferry".
/// Called once, before any thread is started.
void set_up_logging(int verbosity);

/// The logger of one component, made on first use. Needs set_up_logging before it.
std::shared_ptr<spdlog::logger> component_logger(const std::string& component);

}  // namespace ferry::proxy
