#include "proxy/settings/service_settings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>
#include <utility>

#include "proxy/settings/duration.h"

namespace ferry::proxy {

namespace {

using std::chrono::milliseconds;

constexpr std::array<std::pair<std::string_view, LoadBalancing>, 5> kAlgorithms{{
    {"round-robin", LoadBalancing::kRoundRobin},
    {"least-connections", LoadBalancing::kLeastConnections},
    {"peak-ewma", LoadBalancing::kPeakEwma},
    {"maglev", LoadBalancing::kMaglev},
    {"random", LoadBalancing::kRandom},
}};

constexpr std::uint32_t kLargestNumber = 1'000'000'000;

std::optional<std::uint32_t> parse_number(std::string_view text, std::uint32_t least) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number >= least && number <= kLargestNumber ? std::optional(number) : std::nullopt;
}

/// At least a millisecond, for less would be nothing; 0 itself where that means something.
std::optional<milliseconds> parse_time(std::string_view text) {
  const auto parsed = parse_duration(text);
  if (!parsed) return std::nullopt;
  const auto time = std::chrono::duration_cast<milliseconds>(*parsed);
  return time.count() == 0 && parsed->count() != 0 ? std::nullopt : std::optional(time);
}

std::optional<bool> parse_switch(std::string_view text, std::string_view on, std::string_view off) {
  if (text == on) return true;
  if (text == off) return false;
  return std::nullopt;
}

/// Puts the value, where there is one, in its place.
template <typename Value, typename Place>
bool put(const std::optional<Value>& value, Place& place) {
  if (value) place = *value;
  return value.has_value();
}

std::string number_or(const std::optional<std::uint32_t>& number, const char* none) {
  return number ? std::to_string(*number) : none;
}

/// One setting: what it is, how it is read and how it is written.
struct Setting {
  SettingDescription description;
  bool (*read)(std::string_view, ServiceSettings&);
  std::string (*write)(const ServiceSettings&);
};

const std::array<Setting, 11> kSettings{{
    {{"dead-peer-timeout", "a duration, or 0 for never", "--dead-peer-timeout",
      "An endpoint or a client that leaves unanswered what it ought to answer for this long is taken for dead: the "
      "connection is reset."},
     [](std::string_view text, ServiceSettings& to) { return put(parse_time(text), to.dead_peer_timeout); },
     [](const ServiceSettings& of) {
       return of.dead_peer_timeout ? format_duration(*of.dead_peer_timeout) : std::string("--dead-peer-timeout");
     }},
    {{"drain-timeout", "a duration, or 0 for never", "never",
      "What becomes of connections to an endpoint that terminates or is gone: from half of this time on those at rest "
      "are closed one by one; after it the others, spread over another quarter of it."},
     [](std::string_view text, ServiceSettings& to) { return put(parse_time(text), to.drain_timeout); },
     [](const ServiceSettings& of) { return format_duration(of.drain_timeout); }},
    {{"ejection", "on or off", "on", "Endpoints that do not take connections are left out for a while."},
     [](std::string_view text, ServiceSettings& to) { return put(parse_switch(text, "on", "off"), to.ejection); },
     [](const ServiceSettings& of) { return std::string(of.ejection ? "on" : "off"); }},
    {{"hedged-dial", "true or false", "false",
      "A second endpoint is dialled when the first takes longer than 99 of 100 dials of this service do (at least 20 "
      "ms); the first to answer is used."},
     [](std::string_view text, ServiceSettings& to) {
       return put(parse_switch(text, "true", "false"), to.hedged_dial);
     },
     [](const ServiceSettings& of) { return std::string(of.hedged_dial ? "true" : "false"); }},
    {{"idle-timeout", "a duration, or 0 for never", "never",
      "A TCP connection on which no byte has passed for this long is closed."},
     [](std::string_view text, ServiceSettings& to) { return put(parse_time(text), to.idle_timeout); },
     [](const ServiceSettings& of) { return format_duration(of.idle_timeout); }},
    {{"load-balancing", "round-robin, least-connections, peak-ewma, maglev or random", "round-robin",
      "How the endpoint of a new connection is chosen."},
     [](std::string_view text, ServiceSettings& to) {
       const auto* const found = std::find_if(kAlgorithms.begin(), kAlgorithms.end(),
                                              [text](const auto& named) { return named.first == text; });
       if (found == kAlgorithms.end()) return false;
       to.load_balancing = found->second;
       return true;
     },
     [](const ServiceSettings& of) { return std::string(to_string(of.load_balancing)); }},
    {{"max-connections", "a number, or 0 for any", "any number",
      "TCP connections that one endpoint may have open, of those that the node carries. When all have as many, new "
      "ones "
      "wait up to 250 ms for a place."},
     [](std::string_view text, ServiceSettings& to) { return put(parse_number(text, 0), to.max_connections); },
     [](const ServiceSettings& of) { return std::to_string(of.max_connections); }},
    {{"proxy-protocol", "v2", "none", "TCP endpoints hear first, by the PROXY protocol, who their client is."},
     [](std::string_view text, ServiceSettings& to) { return to.proxy_protocol = text == "v2"; },
     [](const ServiceSettings& of) { return std::string(of.proxy_protocol ? "v2" : "none"); }},
    {{"slow-start", "a duration, or 0 for none", "none",
      "An endpoint that joins others gets its share of connections little by little, in full after this long (not with "
      "maglev)."},
     [](std::string_view text, ServiceSettings& to) { return put(parse_time(text), to.slow_start); },
     [](const ServiceSettings& of) { return format_duration(of.slow_start); }},
    {{"steering", "on or off", "on",
      "TCP connections that this node's processes and pods make to the service's cluster addresses go straight to an "
      "endpoint, where --steering allows it; off: the relay carries each."},
     [](std::string_view text, ServiceSettings& to) { return put(parse_switch(text, "on", "off"), to.steering); },
     [](const ServiceSettings& of) { return std::string(of.steering ? "on" : "off"); }},
    {{"udp-responses", "a number", "1 on port 53",
      "The number of datagrams that answer one: a flow that has them all ends a second later."},
     [](std::string_view text, ServiceSettings& to) { return put(parse_number(text, 0), to.udp_responses); },
     [](const ServiceSettings& of) { return number_or(of.udp_responses, "unknown"); }},
}};

}  // namespace

std::string_view to_string(LoadBalancing algorithm) {
  return kAlgorithms.at(static_cast<std::size_t>(algorithm)).first;
}

const std::shared_ptr<const ServiceSettings>& ServiceSettings::defaults() {
  static const auto kDefaults = std::make_shared<const ServiceSettings>();
  return kDefaults;
}

ReadSettings read_settings(const std::map<std::string, std::string>& annotations) {
  ReadSettings result;
  if (annotations.empty()) return result;
  ServiceSettings settings;
  std::vector<const Setting*> known;
  for (const auto& [key, value] : annotations) {
    const auto* const setting = std::find_if(kSettings.begin(), kSettings.end(),
                                             [&key = key](const Setting& one) { return one.description.key == key; });
    ReadSetting read{key, value, "", ""};
    if (setting == kSettings.end()) {
      read.error = "there is no such annotation";
    } else if (!setting->read(value, settings)) {
      read.error = "write " + std::string(setting->description.values);
    }
    known.push_back(setting == kSettings.end() ? nullptr : &*setting);
    result.read.push_back(std::move(read));
  }
  for (std::size_t index = 0; index < known.size(); ++index) {
    if (known[index] != nullptr) result.read[index].in_force = known[index]->write(settings);
  }
  if (!(settings == *ServiceSettings::defaults())) {
    result.settings = std::make_shared<const ServiceSettings>(settings);
  }
  return result;
}

std::span<const SettingDescription> setting_descriptions() {
  static const auto kDescriptions = [] {
    std::array<SettingDescription, kSettings.size()> all;
    std::transform(kSettings.begin(), kSettings.end(), all.begin(), [](const Setting& one) { return one.description; });
    return all;
  }();
  return kDescriptions;
}

}  // namespace ferry::proxy
