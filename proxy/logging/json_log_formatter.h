#pragma once

#include <memory>

#include <spdlog/formatter.h>

namespace ferry::proxy {

/// Writes each message as one object of JSON in a line, with the fields of Kubernetes' own components (zapr): `ts` in
/// milliseconds since 1970, `level`, `logger`, `msg`, and `v` for details, the --v at which they are told. Bytes that
/// are no UTF-8 are replaced.
class JsonLogFormatter : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& into) override;
  std::unique_ptr<spdlog::formatter> clone() const override;
};

}  // namespace ferry::proxy
