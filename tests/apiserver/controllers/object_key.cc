#include "tests/apiserver/controllers/object_key.h"

#include "tests/apiserver/storage.h"

namespace ferry::apiserver {

ObjectKey key_of(const Object& stored) {
  return {.name_space = std::string(stored.ns()), .name = std::string(stored.name())};
}

}  // namespace ferry::apiserver
