#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/signal_set.hpp>

#include "proxy/metrics/metric_family.h"
#include "proxy/options/options.h"
#include "watch/source/file_watch.h"

namespace ferry::proxy {

/// The options that are in force, and how they change while the daemon runs: by SIGHUP, by a change of the --config
/// file or the kubeconfig, by SIGUSR1 and SIGUSR2, and by set_verbosity(). What is read is taken whole or not at all.
/// Belongs to the thread that runs its executor, but for in_force() and collect().
class Reloader {
 public:
  /// Puts options in force; must not throw.
  using Commit = std::function<void()>;
  /// Does what may fail before options can be in force, and returns the rest. Throws std::exception with one sentence.
  /// May add flags to those that have to wait for the next start.
  using Prepare = std::function<Commit(const Options& next, std::vector<std::string>& needs_restart)>;

  struct Callbacks {
    Prepare prepare;
    /// Around each time that the options are read, whatever comes of it.
    std::function<void()> begun;
    std::function<void()> ended;
  };

  /// `arguments`: the command line that the options came from.
  Reloader(boost::asio::any_io_executor executor, std::vector<std::string> arguments, Options options,
           Callbacks callbacks);

  /// Begins to take signals and to watch the files. A file that cannot be watched is told of, and SIGHUP remains.
  void start();
  /// Nothing changes afterwards; signals are ignored.
  void stop();

  /// Safe from any thread.
  std::shared_ptr<const Options> in_force() const;
  MetricFamilies collect() const;

  void set_verbosity(int verbosity);

 private:
  enum class Outcome : std::uint8_t { kSuccess, kFailure };

  void await_signal();
  void on_signal(int signal);
  void watch_files();
  void watch_file(std::optional<watch::FileWatch>& watch, std::string& watched, const std::string& path);
  void reload(const std::string& why, bool asked_for);
  void take(const Options& read, const std::string& why, bool asked_for);
  void put_in_force(Options options);
  void note(Outcome outcome);

  boost::asio::any_io_executor executor_;
  boost::asio::signal_set signals_;
  const std::vector<std::string> arguments_;
  Callbacks callbacks_;
  /// What was read last, and could be taken.
  Options read_;
  std::optional<watch::FileWatch> config_watch_;
  std::string config_watched_;
  std::optional<watch::FileWatch> kubeconfig_watch_;
  std::string kubeconfig_watched_;

  mutable std::mutex mutex_;
  std::shared_ptr<const Options> in_force_;
  std::uint64_t successes_ = 0;
  std::uint64_t failures_ = 0;
  bool last_failed_ = false;
};

}  // namespace ferry::proxy
