#include "tests/watch/codec/told.h"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "tests/watch/codec/heard.h"
#include "watch/codec/discovery_v1/formats.h"
#include "watch/codec/discovery_v1beta1/formats.h"
#include "watch/codec/json_reader.h"
#include "watch/codec/status.h"
#include "watch/codec/v1/formats.h"

namespace ferry::testing {
namespace {

using Lines = std::vector<std::string>;

std::string text_of(const config::Service& service) {
  std::string text;
  for (const config::IpAddress& address : service.cluster_ips) text += ' ' + address.to_string();
  for (const config::ServicePort& port : service.ports) {
    text += ' ' + port.name + ':' + std::to_string(port.port) + '/' + std::string(to_string(port.protocol));
  }
  return text;
}

std::string text_of(const config::EndpointSlice& slice) {
  std::string text = " of " + slice.service;
  for (const config::EndpointSubset& subset : slice.subsets) {
    for (const config::Endpoint& endpoint : subset.endpoints) {
      text += ' ' + endpoint.address.to_string() + (endpoint.ready ? "" : " not ready");
      if (!endpoint.node_name.empty()) text += " on " + endpoint.node_name.text();
    }
    for (const config::EndpointPort& port : subset.ports) {
      text += ' ' + port.name + ':' + std::to_string(port.port) + '/' + std::string(to_string(port.protocol));
    }
  }
  return text;
}

std::string text_of(const watch::ObjectMeta& meta) {
  return (meta.name.name.empty() ? "" : meta.name.to_string() + ' ') + '@' + meta.resource_version +
         (meta.initial_events_end ? " initial-events-end" : "");
}

template <class T>
std::string text_of(const watch::WireFormat<T>& format, std::string_view json) {
  const auto decoded = format.decode(json);
  if (!decoded.has_value()) return "skipped: " + decoded.error().reason;
  EXPECT_EQ(decoded->left_out, "");
  return text_of(decoded->meta) + text_of(decoded->value);
}

std::string text_of(const watch::ApiError& error) {
  return std::to_string(error.http_status) + ' ' + error.reason +
         (error.retry_after ? " retry after " + std::to_string(error.retry_after->count()) + "s" : "") +
         (error.resource_version_too_large ? " version too large" : "") + ": " + error.message;
}

/// What stands in a folder of the recordings is of one server, which has one version of the slices.
const watch::WireFormat<config::EndpointSlice>& slices_of(const Recording& recording) {
  return recording.name.starts_with("kube-apiserver-1.20") ? watch::codec::discovery_v1beta1::kEndpointSlices
                                                           : watch::codec::discovery_v1::kEndpointSlices;
}

/// Calls read(format) with the format of the resource.
template <class Read>
auto with_format(const Recording& recording, const std::string& resource, Read&& read) {
  if (resource == "services") return read(watch::codec::v1::kServices);
  if (resource == "endpoints") return read(watch::codec::v1::kEndpoints);
  return read(slices_of(recording));
}

std::string decode_text(const Recording& recording, const std::string& resource, std::string_view json) {
  return with_format(recording, resource, [&](const auto& format) { return text_of(format, json); });
}

std::string meta_text(const Recording& recording, const std::string& resource, std::string_view json) {
  return with_format(recording, resource, [&](const auto& format) {
    const auto meta = format.decode_meta(json);
    return meta.has_value() ? text_of(*meta) : "skipped: " + meta.error().reason;
  });
}

HeardList hear_inflated(const Pieces& pieces) {
  HeardList heard;
  watch::ListScanner scanner(heard);
  watch::Inflater inflater;
  for (const std::string_view piece : pieces) {
    inflater.feed(piece);
    for (auto text = inflater.next(); !text.empty(); text = inflater.next()) EXPECT_TRUE(scanner.feed(text));
  }
  EXPECT_TRUE(inflater.complete()) << inflater.error();
  heard.envelope = scanner.envelope();
  heard.complete = scanner.complete();
  heard.error = scanner.error();
  return heard;
}

Lines tell_list(const Recording& recording, const std::string& resource) {
  const bool packed = recording.headers.contains("content-encoding");
  const auto hear = packed ? &hear_inflated : &hear_list;
  const HeardList whole = hear({recording.body});
  for_each_cut(recording.body, [&](const Pieces& pieces) {
    EXPECT_TRUE(hear(pieces) == whole) << recording.name << " cut at " << pieces.front().size();
  });
  EXPECT_TRUE(whole.complete) << whole.error;
  Lines lines = {whole.envelope.kind + " @" + whole.envelope.resource_version +
                 (whole.envelope.continue_token.empty() ? "" : " and more") + ", " +
                 std::to_string(whole.items.size()) + (packed ? " packed" : "")};
  Lines items;
  for (const std::string& item : whole.items) items.push_back(decode_text(recording, resource, item));
  if (items.size() > 20) items = {items.front(), items[1], items[items.size() - 2], items.back()};
  lines.insert(lines.end(), items.begin(), items.end());
  return lines;
}

Lines tell_watch(const Recording& recording, const std::string& resource) {
  const HeardWatch whole = hear_watch({recording.body});
  for_each_cut(recording.body, [&](const Pieces& pieces) {
    EXPECT_TRUE(hear_watch(pieces) == whole) << recording.name << " cut at " << pieces.front().size();
  });
  if (!recording.chunks.empty()) {
    EXPECT_EQ(hear_watch(Pieces(recording.chunks.begin(), recording.chunks.end())), whole);
  }
  Lines lines;
  for (const HeardWatch::Event& event : whole.events) {
    if (event.type == "ERROR") {
      lines.push_back("ERROR " + text_of(watch::decode_status(recording.status, event.object)));
    } else if (event.type == "BOOKMARK") {
      lines.push_back("BOOKMARK " + meta_text(recording, resource, event.object));
    } else {
      lines.push_back(event.type + ' ' + decode_text(recording, resource, event.object));
    }
  }
  lines.push_back(whole.at_boundary ? "ends between events" : "ends inside an event " + whole.error);
  return lines;
}

/// An object cut short never decodes, and what is left of its metadata is believed.
Lines tell_object(const Recording& recording, const std::string& resource) {
  const std::string whole = decode_text(recording, resource, recording.body);
  for_each_cut(recording.body.substr(0, recording.body.find_last_of('}')), [&](const Pieces& pieces) {
    EXPECT_TRUE(decode_text(recording, resource, pieces.front()).starts_with("skipped: "));
  });
  return {whole};
}

/// A Status cut short is none; the status of HTTP remains.
Lines tell_status(const Recording& recording) {
  const watch::ApiError whole = watch::decode_status(recording.status, recording.body);
  EXPECT_EQ(whole.kind, watch::ApiError::Kind::kStatus);
  const std::size_t end = recording.body.find_last_of('}');
  for_each_cut(std::string_view(recording.body).substr(0, end), [&](const Pieces& pieces) {
    const watch::ApiError cut = watch::decode_status(recording.status, pieces.front());
    EXPECT_EQ(cut.http_status, recording.status);
    EXPECT_EQ(cut.reason, "");
  });
  return {text_of(whole)};
}

Lines tell_json(const Recording& recording) {
  watch::codec::JsonReader in(recording.body);
  std::string names;
  in.members([&](std::string_view name) { names += (names.empty() ? "" : " ") + std::string(name); });
  in.finish();
  EXPECT_EQ(in.problem(), "");
  return {names};
}

}  // namespace

std::vector<Reading> expected_readings() {
  std::ifstream file(std::string(FERRY_TEST_DATA) + "/../watch/codec/recordings.txt");
  EXPECT_TRUE(file.is_open());
  std::vector<Reading> readings;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    if (line.starts_with("  ")) {
      readings.back().told.push_back(line.substr(2));
      continue;
    }
    const std::size_t colon = line.find(": ");
    readings.push_back({line.substr(0, colon), line.substr(colon + 2), {}});
  }
  return readings;
}

std::vector<std::string> tell(const Recording& recording, const std::string& how) {
  std::istringstream words(how);
  std::string shape;
  std::string resource;
  words >> shape >> resource;
  if (shape == "list") return tell_list(recording, resource);
  if (shape == "watch") return tell_watch(recording, resource);
  if (shape == "object") return tell_object(recording, resource);
  if (shape == "status") return tell_status(recording);
  if (shape == "json") return tell_json(recording);
  EXPECT_TRUE(shape == "text") << how;
  return {std::to_string(recording.status) + ' ' + recording.body.substr(0, recording.body.find('\n'))};
}

}  // namespace ferry::testing
