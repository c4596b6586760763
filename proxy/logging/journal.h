#pragma once

#include <memory>
#include <string_view>

#include <spdlog/formatter.h>

namespace ferry::proxy {

/// What is written to `descriptor` goes to systemd's journal. `stream`: what $JOURNAL_STREAM says, the device and the
/// inode of the socket that systemd gave this process (systemd.exec(5)); whoever sends the output elsewhere leaves the
/// variable behind, so it alone says nothing.
bool is_journal(int descriptor, std::string_view stream);
/// The same of standard error and this process's environment.
bool stderr_is_journal();

/// Lines as the journal reads them: `<N>`, the priority of syslog(3), before component and text (sd-daemon(3)). It adds
/// the time by itself.
std::unique_ptr<spdlog::formatter> journal_formatter();

/// What a line about an error begins with, where it does not pass through a logger: its priority, or nothing where
/// standard error is not the journal.
std::string_view error_prefix();

}  // namespace ferry::proxy
