#include "proxy/preflight/steering_findings.h"

#include <stdexcept>

#include <spdlog/fmt/fmt.h>

#include "proxy/steering/mounts.h"
#include "proxy/steering/steering.h"

namespace ferry::proxy {

namespace {

constexpr const char* kSteering = "steering";

/// What cannot be had is amiss where it is required.
Finding missing(const SteeringFacts& facts, const std::string& found, const std::string& remedy) {
  if (facts.mode == SteeringMode::kRequire) return error(kSteering, "--steering require: " + found, remedy);
  return warning(kSteering, "the relay will carry every connection: " + found, remedy);
}

}  // namespace

SteeringFacts read_steering_facts(const SteeringSettings& settings, bool trial) {
  SteeringFacts facts;
  facts.mode = settings.mode;
  facts.built = steering_was_built();
  facts.trial = trial && settings.mode == SteeringMode::kAuto;
  if (settings.mode == SteeringMode::kOff || !facts.built || facts.trial) return facts;
  facts.cgroup = settings.cgroup.empty() ? find_cgroup_root().value_or("") : settings.cgroup;
  facts.pin_folder = pin_folder(settings.pin_path);
  if (facts.cgroup.empty()) return facts;
  try {
    Steering::try_to_load(facts.cgroup);
  } catch (const std::runtime_error& refused) {
    facts.refused = refused.what();
  }
  return facts;
}

Findings check_steering(const SteeringFacts& facts) {
  if (facts.mode == SteeringMode::kOff) return {ok(kSteering, "off, as --steering says")};
  if (!facts.built) {
    return {missing(facts, "this kube-ferry was built without steering",
                    "build it where clang, bpftool and libbpf are, or give --steering=off")};
  }
  if (facts.trial) return {ok(kSteering, "left off, for service addresses are loopback's, which this host alone has")};
  if (facts.cgroup.empty()) {
    return {missing(facts, "the root of the hierarchy of cgroup v2 is mounted nowhere in sight",
                    "mount the host's cgroup v2 where this process sees it, or name it by --steering-cgroup")};
  }
  if (!facts.refused.empty()) {
    return {missing(facts, facts.refused, "give CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON, on Linux 5.14 or newer")};
  }
  if (facts.pin_folder.empty()) {
    return {warning(kSteering,
                    fmt::format("connections of the processes in {} can be steered, but only while kube-ferry runs: no "
                                "BPF file system is mounted",
                                facts.cgroup),
                    "mount one at /sys/fs/bpf, and where this process sees it")};
  }
  return {ok(kSteering, fmt::format("connections of the processes in {} can be steered at connect(2), and pinned in {}",
                                    facts.cgroup, facts.pin_folder))};
}

}  // namespace ferry::proxy
