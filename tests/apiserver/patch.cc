#include "tests/apiserver/patch.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <spdlog/fmt/fmt.h>

namespace ferry::apiserver {
namespace {

constexpr std::string_view kOrderPrefix = "$setElementOrder/";
constexpr std::string_view kDeletePrefix = "$deleteFromPrimitiveList/";

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
      if (!item.key().starts_with('$')) field(schema, target, item.key(), item.value());
    }
    for (const auto& item : patch.items()) {
      const std::string_view key = item.key();
      if (key.starts_with(kOrderPrefix)) put_in_order(schema, target, key.substr(kOrderPrefix.size()), item.value());
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

  void field(const Schema* schema, Json& target, const std::string& name, const Json& patch) {
    if (patch.is_null()) {
      target.erase(name);
      return;
    }
    const Field* known = schema == nullptr ? nullptr : schema->find(name);
    if (patch.is_array() && known != nullptr && known->merged) {
      const Json old = target.contains(name) ? target[name] : Json::array();
      target[name] = known->merge_key.empty() ? set_of(old, patch) : list(*known, old, patch);
    } else if (patch.is_object()) {
      const auto* type = known != nullptr && known->shape == Field::Shape::kSingle ? known->type : nullptr;
      target[name] = object(type, target.contains(name) ? target[name] : Json::object(), patch);
    } else {
      target[name] = patch;
    }
  }

  static Json set_of(const Json& old, const Json& patch) {
    Json out = old.is_array() ? old : Json::array();
    for (const auto& value : patch) {
      if (std::find(out.begin(), out.end(), value) == out.end()) out.push_back(value);
    }
    return out;
  }

  Json list(const Field& known, const Json& old, const Json& patch) {
    Json out = old.is_array() ? old : Json::array();
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

  /// Puts a merged list in the order the patch's author saw: what the order does not name keeps its place
  /// before the element it stood before, or goes to the end.
  static void put_in_order(const Schema* schema, Json& target, std::string_view name, const Json& order) {
    const auto found = target.find(std::string(name));
    if (found == target.end() || !found->is_array() || !order.is_array()) return;
    const Field* known = schema == nullptr ? nullptr : schema->find(name);
    const auto key_of = [&](const Json& item) {
      return known != nullptr && item.is_object() ? item.value(known->merge_key, Json()) : item;
    };
    const auto rank_of = [&](const Json& item) {
      for (std::size_t i = 0; i < order.size(); ++i) {
        if (key_of(order[i]) == key_of(item)) return std::optional<std::size_t>(i);
      }
      return std::optional<std::size_t>();
    };
    std::vector<std::pair<std::size_t, Json>> ranked;
    std::size_t next = order.size();
    for (auto i = found->rbegin(); i != found->rend(); ++i) {
      next = rank_of(*i).value_or(next);
      ranked.emplace_back(next, *i);
    }
    std::reverse(ranked.begin(), ranked.end());
    std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    Json sorted = Json::array();
    for (auto& [rank, item] : ranked) sorted.push_back(std::move(item));
    *found = std::move(sorted);
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
