#include "tests/apiserver/protobuf_body.h"

#include <map>
#include <optional>
#include <sstream>
#include <string>

#include <spdlog/fmt/fmt.h>

#include "tests/apiserver/schema.h"

namespace ferry::apiserver {
namespace {

/// The numbers of the fields in generated.proto of k8s.io/api, of the types that are understood. Fields that a client
/// does not set (times, managedFields, status) are left out, and what is left out is skipped.
constexpr std::string_view kNumbers = R"(
ObjectMeta name=1 generateName=2 namespace=3 uid=5 resourceVersion=6 labels=11 annotations=12 finalizers=14
Namespace metadata=1 spec=2
NamespaceSpec finalizers=1
Service metadata=1 spec=2
ServiceSpec ports=1 selector=2 clusterIP=3 type=4 externalIPs=5 sessionAffinity=7 loadBalancerIP=8
ServiceSpec loadBalancerSourceRanges=9 externalName=10 externalTrafficPolicy=11 healthCheckNodePort=12
ServiceSpec publishNotReadyAddresses=13 sessionAffinityConfig=14 ipFamilyPolicy=17 clusterIPs=18 ipFamilies=19
ServiceSpec allocateLoadBalancerNodePorts=20 loadBalancerClass=21 internalTrafficPolicy=22 trafficDistribution=23
ServicePort name=1 protocol=2 port=3 targetPort=4 nodePort=5 appProtocol=6
SessionAffinityConfig clientIP=1
ClientIPConfig timeoutSeconds=1
)";

using Numbers = std::map<std::uint64_t, const Field*>;

/// The fields of each understood type by their number.
const std::map<const Schema*, Numbers>& numbered_fields() {
  static const auto numbered = [] {
    std::map<const Schema*, Numbers> all;
    std::istringstream lines{std::string(kNumbers)};
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string type;
      if (!(words >> type)) continue;
      const auto& schema = schema_of(type);
      for (std::string word; words >> word;) {
        const auto equals = word.find('=');
        all[&schema][std::stoull(word.substr(equals + 1))] = schema.find(word.substr(0, equals));
      }
    }
    return all;
  }();
  return numbered;
}

/// One field on the wire: a number, or the bytes of a text or message.
struct WireField {
  std::uint64_t number = 0;
  std::uint64_t value = 0;
  std::string_view bytes;
};

/// Takes protobuf apart, field by field.
class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : rest_(bytes) {}

  /// nullopt at the end and where the bytes are broken.
  std::optional<WireField> next() {
    if (rest_.empty()) return std::nullopt;
    WireField field;
    const auto tag = varint();
    field.number = tag >> 3;
    switch (tag & 7) {
      case 0:
        field.value = varint();
        break;
      case 1:
        take(8);
        break;
      case 2:
        field.bytes = take(varint());
        break;
      case 5:
        take(4);
        break;
      default:
        broken_ = true;
    }
    if (broken_) return std::nullopt;
    return field;
  }

  [[nodiscard]] bool broken() const { return broken_; }

 private:
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) break;
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    broken_ = true;
    return 0;
  }

  std::string_view take(std::uint64_t size) {
    if (size > rest_.size()) {
      broken_ = true;
      return {};
    }
    const auto taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::string_view rest_;
  bool broken_ = false;
};

bool decode_object(const Schema& schema, std::string_view bytes, Json& out);

/// {type, intVal, strVal}: type 0 is the number.
bool decode_int_or_string(std::string_view bytes, Json& out) {
  WireReader reader(bytes);
  std::uint64_t type = 0;
  std::int32_t number = 0;
  std::string text;
  while (const auto field = reader.next()) {
    if (field->number == 1) type = field->value;
    if (field->number == 2) number = static_cast<std::int32_t>(field->value);
    if (field->number == 3) text = field->bytes;
  }
  out = type == 0 ? Json(number) : Json(text);
  return !reader.broken();
}

bool decode_value(const Field& known, const WireField& field, Json& out) {
  switch (known.scalar) {
    case Field::Scalar::kObject:
      return decode_object(*known.type, field.bytes, out);
    case Field::Scalar::kIntOrString:
      return decode_int_or_string(field.bytes, out);
    case Field::Scalar::kInteger:
      out = static_cast<std::int64_t>(field.value);
      return true;
    case Field::Scalar::kBoolean:
      out = field.value != 0;
      return true;
    default:
      out = std::string(field.bytes);
      return true;
  }
}

/// One entry of a map of texts: a message {key, value}.
bool decode_entry(std::string_view bytes, Json& map) {
  WireReader reader(bytes);
  std::string key;
  std::string value;
  while (const auto field = reader.next()) {
    if (field->number == 1) key = field->bytes;
    if (field->number == 2) value = field->bytes;
  }
  map[key] = value;
  return !reader.broken();
}

bool decode_object(const Schema& schema, std::string_view bytes, Json& out) {
  out = Json::object();
  const auto& numbers = numbered_fields().at(&schema);
  WireReader reader(bytes);
  while (const auto field = reader.next()) {
    const auto known = numbers.find(field->number);
    if (known == numbers.end()) continue;
    const auto& into = *known->second;
    Json value;
    bool whole = true;
    if (into.shape == Field::Shape::kMap) {
      whole = decode_entry(field->bytes, out[into.name]);
    } else {
      whole = decode_value(into, *field, value);
      if (into.shape == Field::Shape::kList) {
        out[into.name].push_back(std::move(value));
      } else {
        out[into.name] = std::move(value);
      }
    }
    if (!whole) return false;
  }
  return !reader.broken();
}

}  // namespace

Result<Json> decode_protobuf(std::string_view bytes) {
  constexpr std::string_view kMagic("k8s\0", 4);
  if (!bytes.starts_with(kMagic)) return bad_request("provided data does not appear to be a protobuf message");
  WireReader envelope(bytes.substr(kMagic.size()));
  std::string api_version;
  std::string kind;
  std::string_view raw;
  while (const auto field = envelope.next()) {
    if (field->number == 2) raw = field->bytes;
    if (field->number != 1) continue;
    WireReader type(field->bytes);
    while (const auto part = type.next()) {
      if (part->number == 1) api_version = part->bytes;
      if (part->number == 2) kind = part->bytes;
    }
  }
  if (envelope.broken()) return bad_request("the protobuf message is cut short");
  if (kind != "Service" && kind != "Namespace") {
    Status status;
    status.code = 415;
    status.reason = "UnsupportedMediaType";
    status.message = fmt::format("{} is not read from protobuf here: send application/json", kind);
    return status;
  }
  Json object;
  if (!decode_object(schema_of(kind), raw, object)) return bad_request("the protobuf message is cut short");
  object["apiVersion"] = api_version;
  object["kind"] = kind;
  return ok(std::move(object));
}

}  // namespace ferry::apiserver
