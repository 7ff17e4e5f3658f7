#include "analysis/reproduction/scores.h"

#include <cmath>
#include <numeric>

namespace headroom::reproduction {

double saving(std::int64_t bytes, std::int64_t baseline) {
  return baseline == 0 ? 0.0 : 1 - static_cast<double>(bytes) / static_cast<double>(baseline);
}

double retention(double perplexity, double mha_perplexity) {
  return 1 - (perplexity - mha_perplexity) / mha_perplexity;
}

std::optional<double> elasticity(double perplexity, double sha_perplexity, std::int64_t count, std::int64_t sha_count) {
  if (count == sha_count) return {};
  const double added = static_cast<double>(count - sha_count) / static_cast<double>(sha_count);
  return (sha_perplexity - perplexity) / sha_perplexity / added;
}

Spread spread_of(const std::vector<double>& values) {
  if (values.empty()) return {};
  const auto count = static_cast<double>(values.size());
  Spread spread{std::accumulate(values.begin(), values.end(), 0.0) / count, 0,
                static_cast<std::int64_t>(values.size())};
  if (values.size() == 1) return spread;
  double squares = 0;
  for (const double value : values) squares += (value - spread.mean) * (value - spread.mean);
  spread.deviation = std::sqrt(squares / (count - 1));
  return spread;
}

}  // namespace headroom::reproduction
