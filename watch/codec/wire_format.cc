#include "watch/codec/wire_format.h"

#include <stdexcept>

#include <boost/throw_exception.hpp>

namespace ferry::watch {

void throw_exception_from_error(const DecodeError& error, const boost::source_location& location) {
  boost::throw_exception(std::runtime_error("an object that did not decode was used: " + error.reason), location);
}

}  // namespace ferry::watch
