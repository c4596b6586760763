#include "proxy/metrics/metrics_page.h"

#include <utility>

#include <malloc.h>
#include <prometheus/text_serializer.h>

namespace ferry::proxy {

namespace {

constexpr std::size_t kLargePage = std::size_t{4} << 20U;

}  // namespace

void MetricsPage::add(Source source) { sources_.push_back(std::move(source)); }

Response MetricsPage::render() const {
  Response page{.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = serialized()};
  // What a large page was made from is several times as large, and in pieces that the C library would keep.
  if (page.body.size() > kLargePage) ::malloc_trim(0);
  return page;
}

std::string MetricsPage::serialized() const {
  MetricFamilies families;
  for (const Source& source : sources_) append(families, source());
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace ferry::proxy
