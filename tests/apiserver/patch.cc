#include "tests/apiserver/patch.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <spdlog/fmt/fmt.h>

namespace ferry::apiserver {
namespace {

constexpr std::string_view kOrderPrefix = "$setElementOrder/";
constexpr std::string_view kDeletePrefix = "$deleteFromPrimitiveList/";

/// What tells elements of a merged list apart: their merge key, or all of them.
Json identity_of(const Json& item, const std::string& merge_key) {
  return item.is_object() && !merge_key.empty() ? item.value(merge_key, Json()) : item;
}

std::optional<std::size_t> place_in(const Json& list, const Json& identity, const std::string& merge_key) {
  for (std::size_t place = 0; place < list.size(); ++place) {
    if (identity_of(list[place], merge_key) == identity) return place;
  }
  return std::nullopt;
}

/// Puts what came of `old` and a patch in order as the API server does. What `order` names (by default, the patch's own
/// elements) keeps that order; the rest stays before the element it stood before. So a new element goes to the front,
/// unless the patch also names the one it is to follow.
Json in_order(const Json& old, const Json& merged, const Json& order, const std::string& merge_key) {
  struct Element {
    std::size_t rank;
    /// Where it was in `old`.
    std::optional<std::size_t> place;
    const Json* item;
  };
  std::vector<Element> named;
  std::vector<Element> others;
  for (const auto& item : merged) {
    const Json identity = identity_of(item, merge_key);
    const auto place = place_in(old, identity, merge_key);
    const auto rank = place_in(order, identity, merge_key);
    (rank ? named : others).push_back({rank.value_or(place.value_or(old.size())), place, &item});
  }
  const auto by_rank = [](const Element& a, const Element& b) { return a.rank < b.rank; };
  std::stable_sort(named.begin(), named.end(), by_rank);
  std::stable_sort(others.begin(), others.end(), by_rank);
  Json sorted = Json::array();
  auto other = others.begin();
  for (const Element& element : named) {
    while (other != others.end() && element.place && other->place && *other->place < *element.place) {
      sorted.push_back(*other++->item);
    }
    sorted.push_back(*element.item);
  }
  for (; other != others.end(); ++other) sorted.push_back(*other->item);
  return sorted;
}

/// Applies one strategic merge patch; what is wrong with the patch is kept in `error`.
class StrategicPatch {
 public:
  Json object(const Schema* schema, Json target, const Json& patch) {
    if (!patch.is_object()) return patch;
    if (!target.is_object()) target = Json::object();
    const auto directive = patch.find("$patch");
    if (directive != patch.end()) {
      if (*directive == "delete") return Json::object();
      if (*directive == "replace") return without_directives(patch);
      if (*directive != "merge") fail(fmt::format("Unknown patch type found: {}", directive->dump()));
    }
    retain_keys(target, patch);
    for (const auto& item : patch.items()) {
      const std::string_view key = item.key();
      if (key.starts_with(kDeletePrefix)) remove_scalars(target, key.substr(kDeletePrefix.size()), item.value());
    }
    for (const auto& item : patch.items()) {
      const std::string_view key = item.key();
      if (key.starts_with(kOrderPrefix)) {
        reorder(schema, target, std::string(key.substr(kOrderPrefix.size())), patch, item.value());
      } else if (!key.starts_with('$')) {
        const auto order = patch.find(std::string(kOrderPrefix) + item.key());
        field(schema, target, item.key(), item.value(), order == patch.end() ? item.value() : *order);
      }
    }
    return target;
  }

  [[nodiscard]] const std::optional<std::string>& error() const { return error_; }

 private:
  void fail(std::string why) {
    if (!error_) error_ = std::move(why);
  }

  static Json without_directives(const Json& patch) {
    Json out = Json::object();
    for (const auto& item : patch.items()) {
      if (!item.key().starts_with('$')) out[item.key()] = item.value();
    }
    return out;
  }

  static void retain_keys(Json& target, const Json& patch) {
    const auto retained = patch.find("$retainKeys");
    if (retained == patch.end() || !retained->is_array()) return;
    Json kept = Json::object();
    for (const auto& item : target.items()) {
      if (std::find(retained->begin(), retained->end(), item.key()) != retained->end()) kept[item.key()] = item.value();
    }
    target = std::move(kept);
  }

  static void remove_scalars(Json& target, std::string_view name, const Json& values) {
    const auto found = target.find(std::string(name));
    if (found == target.end() || !found->is_array() || !values.is_array()) return;
    Json kept = Json::array();
    for (const auto& value : *found) {
      if (std::find(values.begin(), values.end(), value) == values.end()) kept.push_back(value);
    }
    *found = std::move(kept);
  }

  /// An order for a list that the patch does not change otherwise.
  static void reorder(const Schema* schema, Json& target, const std::string& name, const Json& patch,
                      const Json& order) {
    const auto list = target.find(name);
    if (patch.contains(name) || list == target.end() || !list->is_array() || !order.is_array()) return;
    const Field* known = schema == nullptr ? nullptr : schema->find(name);
    *list = in_order(*list, *list, order, known == nullptr ? std::string() : known->merge_key);
  }

  void field(const Schema* schema, Json& target, const std::string& name, const Json& patch, const Json& order) {
    if (patch.is_null()) {
      target.erase(name);
      return;
    }
    const Field* known = schema == nullptr ? nullptr : schema->find(name);
    if (patch.is_array() && known != nullptr && known->merged) {
      const auto present = target.find(name);
      const Json old = present != target.end() && present->is_array() ? *present : Json::array();
      const Json merged = known->merge_key.empty() ? set_of(old, patch) : list(*known, old, patch);
      target[name] = in_order(old, merged, order.is_array() ? order : patch, known->merge_key);
    } else if (patch.is_object()) {
      const auto* type = known != nullptr && known->shape == Field::Shape::kSingle ? known->type : nullptr;
      target[name] = object(type, target.contains(name) ? target[name] : Json::object(), patch);
    } else {
      target[name] = patch;
    }
  }

  static Json set_of(const Json& old, const Json& patch) {
    Json out = old;
    for (const auto& value : patch) {
      if (std::find(out.begin(), out.end(), value) == out.end()) out.push_back(value);
    }
    return out;
  }

  Json list(const Field& known, const Json& old, const Json& patch) {
    Json out = old;
    for (const auto& item : patch) {
      if (item.is_object() && item.value("$patch", Json()) == "replace" && item.size() == 1) {
        out = Json::array();
      }
    }
    for (const auto& item : patch) {
      if (item.is_object() && item.size() == 1 && item.contains("$patch")) continue;
      if (!item.is_object() || !item.contains(known.merge_key)) {
        fail(fmt::format("map: {} does not contain declared merge key: {}", item.dump(), known.merge_key));
        return out;
      }
      const auto& key = item[known.merge_key];
      const auto same = std::find_if(out.begin(), out.end(), [&](const Json& each) {
        return each.is_object() && each.value(known.merge_key, Json()) == key;
      });
      if (item.value("$patch", Json()) == "delete") {
        if (same != out.end()) out.erase(same);
      } else if (same != out.end()) {
        *same = object(known.type, *same, item);
      } else {
        out.push_back(without_directives(item));
      }
    }
    return out;
  }

  std::optional<std::string> error_;
};

}  // namespace

Json merge_patched(Json target, const Json& patch) {
  if (!patch.is_object()) return patch;
  if (!target.is_object()) target = Json::object();
  for (const auto& item : patch.items()) {
    if (item.value().is_null()) {
      target.erase(item.key());
    } else {
      target[item.key()] =
          merge_patched(target.contains(item.key()) ? target[item.key()] : Json::object(), item.value());
    }
  }
  return target;
}

Result<Json> json_patched(const Json& target, const Json& patch) {
  if (!patch.is_array()) return bad_request("json: cannot unmarshal object into Go value of type jsonpatch.Patch");
  try {
    return ok(target.patch(patch));
  } catch (const Json::exception&) {
    Status status;
    status.code = 422;
    status.reason = "Invalid";
    status.message = "the server rejected our request due to an error in our request";
    status.details = Json::object();
    return status;
  }
}

Result<Json> strategically_patched(const Schema& schema, const Json& target, const Json& patch) {
  if (!patch.is_object()) return bad_request("a strategic merge patch is a JSON object");
  StrategicPatch strategic;
  auto patched = strategic.object(&schema, target, patch);
  if (strategic.error()) return bad_request(*strategic.error());
  return ok(std::move(patched));
}

}  // namespace ferry::apiserver
