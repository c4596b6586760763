#include "proxy/metrics/process_metrics.h"

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include <dirent.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ferry::proxy {

namespace {

std::string read_file(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Seconds since 1970 at which the machine started.
double boot_time() {
  std::istringstream lines(read_file("/proc/stat"));
  std::string word;
  double seconds = 0;
  while (lines >> word) {
    if (word == "btime") lines >> seconds;
  }
  return seconds;
}

std::uint64_t count_open_descriptors() {
  // Linux 6.2 and later say how many there are without walking them (tens of thousands on a busy node).
  struct stat status {};
  if (stat("/proc/self/fd", &status) == 0 && status.st_size > 0) return static_cast<std::uint64_t>(status.st_size);
  DIR* directory = opendir("/proc/self/fd");
  if (directory == nullptr) return 0;
  std::uint64_t count = 0;
  while (const dirent* entry = readdir(directory)) {
    if (entry->d_name[0] != '.') ++count;
  }
  closedir(directory);
  return count > 0 ? count - 1 : 0;  // without the directory's own
}

}  // namespace

ProcessUsage read_process_usage() {
  ProcessUsage usage;
  const std::string text = read_file("/proc/self/stat");
  // The second field is the program's name in parentheses and may hold anything; what follows is numbers.
  const auto after_name = text.rfind(')');
  if (after_name != std::string::npos) {
    std::istringstream fields(text.substr(after_name + 1));
    const std::vector<std::string> field{std::istream_iterator<std::string>(fields), {}};
    const auto number = [&field](std::size_t proc_index) {
      const std::size_t index = proc_index - 3;  // proc(5) counts from 1, and two fields stand before
      return index < field.size() ? std::stod(field[index]) : 0.0;
    };
    const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    usage.cpu_seconds = (number(14) + number(15)) / ticks;
    usage.threads = static_cast<std::uint64_t>(number(20));
    usage.start_time = boot_time() + number(22) / ticks;
    usage.virtual_bytes = static_cast<std::uint64_t>(number(23));
    usage.resident_bytes = static_cast<std::uint64_t>(number(24)) * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  }
  usage.open_descriptors = count_open_descriptors();
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) usage.max_descriptors = limit.rlim_cur;
  return usage;
}

MetricFamilies process_metrics(const ProcessUsage& usage) {
  const auto whole = [](std::uint64_t value) { return static_cast<double>(value); };
  return {
      counter("process_cpu_seconds_total", "User and system CPU time spent, in seconds.", usage.cpu_seconds),
      gauge("process_start_time_seconds", "When the process started, in seconds since 1970.", usage.start_time),
      gauge("process_resident_memory_bytes", "Resident memory, in bytes.", whole(usage.resident_bytes)),
      gauge("process_virtual_memory_bytes", "Virtual memory, in bytes.", whole(usage.virtual_bytes)),
      gauge("process_open_fds", "Open file descriptors.", whole(usage.open_descriptors)),
      gauge("process_max_fds", "The most file descriptors that may be open.", whole(usage.max_descriptors)),
      gauge("process_threads", "Threads.", whole(usage.threads)),
  };
}

}  // namespace ferry::proxy
