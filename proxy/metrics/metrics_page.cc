#include "proxy/metrics/metrics_page.h"

#include <utility>

#include <prometheus/text_serializer.h>

namespace ferry::proxy {

void MetricsPage::add(Source source) { sources_.push_back(std::move(source)); }

Response MetricsPage::render() const {
  MetricFamilies families;
  for (const Source& source : sources_) append(families, source());
  return {.content_type = "text/plain; version=0.0.4; charset=utf-8",
          .body = prometheus::TextSerializer().Serialize(families)};
}

}  // namespace ferry::proxy
