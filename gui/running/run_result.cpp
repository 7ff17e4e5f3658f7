#include "gui/running/run_result.h"

#include <fmt/format.h>

#include <QCoreApplication>

#include "base/error.h"
#include "gui/running/program.h"
#include "gui/views/text.h"
#include "reports/summary.h"

namespace headroom::gui {
namespace {

RunResult::Kind kind_of(OutcomeKind outcome) {
  switch (outcome) {
    case OutcomeKind::ok:
      return RunResult::Kind::fits;
    case OutcomeKind::oom:
      return RunResult::Kind::oom;
    case OutcomeKind::error:
      break;
  }
  return RunResult::Kind::failed;
}

std::string place_of(const RunSummary& run) {
  if (run.allocated_bytes == 0) return {};
  const std::string when = moment(run.phase, run.step);
  return run.layer.empty() ? when : fmt::format("{} at {}", when, run.layer);
}

// Another program may be there by the next question. A model that cannot be read is no question of the cache's.
std::optional<std::string> key_of(const RunSpec& spec) {
  std::error_code error;
  const std::filesystem::path found = find_program().path.toStdString(), program = canonical(found, error);
  try {
    return run_key(spec, error ? found : program);
  } catch (const Error&) {
    return {};
  }
}

}  // namespace

RunResult result_of(const RunSummary& run) {
  RunResult result;
  result.kind = kind_of(run.outcome);
  result.is_virtual = run.device_kind == DeviceKind::virtual_cuda;
  result.allocated_bytes = run.allocated_bytes;
  result.reserved_bytes = run.reserved_bytes;
  result.device_bytes = run.device_bytes;
  result.parameter_count = run.parameter_count;
  result.categories = run.categories;
  result.device = run.device_name;
  result.place = place_of(run);
  result.message = run.message;
  if (result.kind == RunResult::Kind::oom)
    result.message = QCoreApplication::translate("Run", "out of memory: %1 asked for in %2, %3, with %4 free")
                         .arg(size_text(run.failed_request_bytes), to_text(run.failed_phase),
                              to_text(run.failed_layer), size_text(run.free_bytes))
                         .toStdString();
  return result;
}

RunResult failed_result(const QString& message) {
  RunResult result;
  result.message = message.toStdString();
  return result;
}

std::optional<RunSummary> ResultCache::find(const RunSpec& spec) const {
  const auto key = key_of(spec);
  return key ? cache_.find(*key) : std::nullopt;
}

void ResultCache::keep(const RunSpec& spec, const RunSummary& run) {
  if (const auto key = key_of(spec)) cache_.keep(*key, run);
}

}  // namespace headroom::gui
