#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/apiserver/json.h"
#include "tests/apiserver/status.h"

namespace ferry::apiserver {

struct Schema;

/// One field of an API type.
struct Field {
  enum class Shape : std::uint8_t { kSingle, kList, kMap };
  enum class Scalar : std::uint8_t { kString, kInteger, kBoolean, kIntOrString, kAny, kObject };
  std::string name;
  Shape shape = Shape::kSingle;
  Scalar scalar = Scalar::kString;
  /// The type of the value, or of the list's or map's values, when `scalar` is kObject.
  const Schema* type = nullptr;
  /// Written even when absent: the API type has no `omitempty`.
  bool always = false;
  /// A pointer in the API type: an empty value differs from none and is kept.
  bool pointer = false;
  /// A strategic merge patch merges the list instead of replacing it: objects by this key, scalars as a set
  /// when the key is empty.
  bool merged = false;
  std::string merge_key;
};

/// One API type: its fields in the order in which a real server writes them. The one description from which come
/// the order of fields, the check of field names and types, the strategic merge keys and the OpenAPI documents.
struct Schema {
  /// For example "io.k8s.api.core.v1.ServiceSpec".
  std::string name;
  std::vector<Field> fields;

  [[nodiscard]] const Field* find(std::string_view field) const;
};

/// The types by their short name ("Service", "ServiceSpec").
const std::map<std::string, Schema, std::less<>>& all_schemas();
/// The type of that name; it must exist.
const Schema& schema_of(std::string_view name);

/// The object as the API type writes it: known fields in order, nulls and empty values left out where the type does
/// so, fields it does not know dropped and their paths added to `unknown`. A value of the wrong type is a 400.
Result<Json> canonical(const Schema& schema, const Json& object, std::vector<std::string>& unknown);

}  // namespace ferry::apiserver
