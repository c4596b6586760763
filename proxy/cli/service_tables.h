#pragma once

#include <string>
#include <vector>

#include "proxy/cli/api.h"
#include "proxy/cli/table.h"

/// What `kube-ferry get` prints of each resource; `wide` with the columns that are left out otherwise.
namespace ferry::cli {

/// The port's name, or its number where it has none, and its protocol: "http/TCP", "53/UDP".
std::string port_words(const ServicePort& service);

/// "default/web:http", "default/web" where the port has no name.
std::string full_name(const std::string& namespace_name, const std::string& name, const std::string& port);

/// The endpoints that take connections of those used: "2/3".
std::string endpoints_words(const ServicePort& service);

Table services_table(const std::vector<ServicePort>& services, bool wide);
Table endpoints_table(const std::vector<ServiceDetail>& services, bool wide);
Table connections_table(const std::vector<Connection>& connections, bool wide);

}  // namespace ferry::cli
