#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/watch/codec/cuts.h"
#include "watch/codec/inflater.h"
#include "watch/codec/stream_scanner.h"

namespace ferry::testing {

/// Writes down what a list's scanner tells.
struct HeardList : watch::ListScanner::Sink {
  std::vector<std::string> items;
  std::vector<std::size_t> oversized;
  watch::ListEnvelope envelope;
  bool complete = false;
  std::string error;

  void on_item(std::string_view json) override { items.emplace_back(json); }
  void on_oversized_item(std::size_t bytes) override { oversized.push_back(bytes); }

  friend void PrintTo(const HeardList& heard, std::ostream* out) {
    *out << heard.envelope.kind << ' ' << heard.envelope.resource_version << ' ' << heard.envelope.continue_token << ' '
         << heard.items.size() << " items, " << heard.oversized.size() << " oversized, "
         << (heard.complete ? "complete" : "not complete") << ' ' << heard.error;
  }

  friend bool operator==(const HeardList& a, const HeardList& b) {
    return a.items == b.items && a.oversized == b.oversized && a.envelope.kind == b.envelope.kind &&
           a.envelope.resource_version == b.envelope.resource_version &&
           a.envelope.continue_token == b.envelope.continue_token && a.complete == b.complete && a.error == b.error;
  }
};

/// Writes down what a watch's scanner tells.
struct HeardWatch : watch::WatchScanner::Sink {
  struct Event {
    std::string type;
    std::string object;
    friend bool operator==(const Event&, const Event&) = default;
  };
  std::vector<Event> events;
  std::vector<std::size_t> oversized;
  bool at_boundary = false;
  std::string error;

  void on_event(std::string_view type, std::string_view object) override {
    events.push_back({std::string(type), std::string(object)});
  }
  void on_oversized_event(std::size_t bytes) override { oversized.push_back(bytes); }

  friend void PrintTo(const HeardWatch& heard, std::ostream* out) {
    for (const Event& event : heard.events) *out << event.type << ' ' << event.object << '\n';
    *out << heard.oversized.size() << " oversized, " << (heard.at_boundary ? "at a boundary " : "") << heard.error;
  }

  friend bool operator==(const HeardWatch& a, const HeardWatch& b) {
    return a.events == b.events && a.oversized == b.oversized && a.at_boundary == b.at_boundary && a.error == b.error;
  }
};

inline HeardList hear_list(const Pieces& pieces) {
  HeardList heard;
  watch::ListScanner scanner(heard);
  for (const std::string_view piece : pieces) {
    // A copy of its own for each piece, so that a scanner that held on to a view would be caught.
    const std::string copy(piece);
    if (!scanner.feed(copy)) break;
  }
  heard.envelope = scanner.envelope();
  heard.complete = scanner.complete();
  heard.error = scanner.error();
  return heard;
}

inline HeardWatch hear_watch(const Pieces& pieces) {
  HeardWatch heard;
  watch::WatchScanner scanner(heard);
  for (const std::string_view piece : pieces) {
    const std::string copy(piece);
    if (!scanner.feed(copy)) break;
  }
  heard.at_boundary = scanner.at_boundary();
  heard.error = scanner.error();
  return heard;
}

struct Inflated {
  std::string text;
  bool complete = false;
  std::string error;
  friend bool operator==(const Inflated&, const Inflated&) = default;
};

inline Inflated inflate(const Pieces& pieces) {
  Inflated out;
  watch::Inflater inflater;
  for (const std::string_view piece : pieces) {
    const std::string copy(piece);
    inflater.feed(copy);
    for (auto text = inflater.next(); !text.empty(); text = inflater.next()) out.text += text;
  }
  out.complete = inflater.complete();
  out.error = inflater.error();
  return out;
}

}  // namespace ferry::testing
