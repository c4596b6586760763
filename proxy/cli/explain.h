#pragma once

#include <string>
#include <vector>

#include "proxy/cli/api.h"
#include "proxy/cli/command_line.h"
#include "proxy/cli/output.h"
#include "proxy/cli/service_list.h"

namespace ferry::cli {

/// `kube-ferry explain`: prints what becomes of connections to the service. The exit code.
int explain(const ExplainOptions& options, const Ask& ask, const Output& output);

/// The ports in words, and one line that sums them up. `ports` are those asked for, at least one.
std::string explanation(const ServiceDetail& service, const std::vector<PortDetail>& ports);

/// Those of the service's ports that have this name, or this number; all of them when it is empty.
std::vector<PortDetail> matching_ports(const ServiceDetail& service, const std::string& port);

}  // namespace ferry::cli
