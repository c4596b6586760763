#pragma once

#include <optional>
#include <string>

namespace ferry::proxy {

/// A backend that clients leave first keeps one of our ports in TIME-WAIT for a minute for each connection, so that
/// some 470 connections a second to one endpoint use up the 28,232 ports there usually are. With net.ipv4.tcp_tw_reuse
/// at 1 the kernel gives such a port out again after a second, where TCP's timestamps make it safe (ip-sysctl.rst,
/// RFC 6191). Its default is to do so on loopback alone.
///
/// Sets it to 1 for this network namespace, unless it is. Says what to do where that is not allowed, as a sentence for
/// the log; nothing when all is well. `path`: the file of the setting.
std::optional<std::string> allow_port_reuse(const std::string& path = "/proc/sys/net/ipv4/tcp_tw_reuse");

}  // namespace ferry::proxy
