#pragma once

#include <memory>
#include <string>

#include <spdlog/logger.h>

#include "proxy/logging/log_format.h"
#include "proxy/metrics/metric_family.h"

namespace ferry::proxy {

/// Sets up logging to stderr, one line a message: time, level, component, text, each message limited in rate. Where
/// stderr is systemd's journal, which has times of its own: priority, component, text (journal.h).
/// `verbosity` as --v: up to 2 info, up to 5 debug, above trace. The default logger is the component "kube-ferry".
/// Called once, before any thread is started.
void set_up_logging(int verbosity, LogFormat format = LogFormat::kText);

/// From now on, for every component. Safe from any thread.
void set_log_verbosity(int verbosity);
void set_log_format(LogFormat format);

/// The next verbosity at which more, or less, is logged: 2, 4 or 6.
int more_verbose(int verbosity);
int less_verbose(int verbosity);

/// Says what was held back or could not be written, where that can be told by now. To be called now and then.
void settle_log();

/// Lines that were left out. Safe from any thread.
MetricFamilies log_metrics();

/// The logger of one component, made on first use. Needs set_up_logging before it.
std::shared_ptr<spdlog::logger> component_logger(const std::string& component);

}  // namespace ferry::proxy
