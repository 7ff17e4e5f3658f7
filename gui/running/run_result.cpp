#include "gui/running/run_result.h"

#include <QCoreApplication>
#include <QCryptographicHash>
#include <QDateTime>
#include <QDir>
#include <QFileInfo>
#include <QStandardPaths>
#include <limits>

#include "base/error.h"
#include "base/file.h"
#include "base/names.h"
#include "gui/running/program.h"
#include "gui/views/text.h"
#include "reports/summary.h"

namespace headroom::gui {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr int kMostFiles = 20'000;

constexpr std::array kKindNames{Named<RunResult::Kind>{RunResult::Kind::fits, "fits"},
                                Named<RunResult::Kind>{RunResult::Kind::oom, "oom"},
                                Named<RunResult::Kind>{RunResult::Kind::failed, "failed"}};

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

CategoryBytes categories_from(const Json& json) {
  CategoryBytes bytes{};
  for (std::size_t i = 0; i < bytes.size() && i < json.size(); ++i)
    if (json[i].is_number_integer()) bytes[i] = json[i].get<std::int64_t>();
  return bytes;
}

// Half of the oldest go when there are too many.
void thin_out(const QString& folder) {
  const QFileInfoList files = QDir(folder).entryInfoList({QStringLiteral("*.json")}, QDir::Files, QDir::Time);
  if (files.size() <= kMostFiles) return;
  for (qsizetype i = kMostFiles / 2; i < files.size(); ++i) QFile::remove(files[i].absoluteFilePath());
}

}  // namespace

RunResult result_of(const Recording& recording) {
  const Breakdown run = make_breakdown(recording, recording.spec.model);
  RunResult result;
  result.kind = kind_of(recording.outcome.kind);
  result.is_virtual = recording.environment.device_kind == DeviceKind::virtual_cuda;
  result.allocated_bytes = run.peak.allocated_bytes;
  result.reserved_bytes = std::max(run.peak_reserved_bytes, run.peak.allocated_bytes);
  result.device_bytes = recording.environment.device_total_bytes;
  if (result.device_bytes > 0) result.device_bytes -= recording.spec.virtual_options.reserve_bytes;
  result.parameter_count = run.parameter_count;
  result.categories = run.peak.categories;
  result.device = recording.environment.device_name;
  if (has_peak(run)) result.place = place(run, run.peak);
  const Outcome& outcome = recording.outcome;
  if (result.kind == RunResult::Kind::oom)
    result.message = QCoreApplication::translate("Run", "out of memory: %1 asked for in %2, %3, with %4 free")
                         .arg(size_text(outcome.failed_request_bytes), to_text(outcome.phase), to_text(outcome.layer),
                              size_text(outcome.free_bytes))
                         .toStdString();
  else
    result.message = outcome.message;
  return result;
}

RunResult failed_result(const QString& message) {
  RunResult result;
  result.message = message.toStdString();
  return result;
}

Json to_json(const RunResult& result) {
  return {{"schema", "headroom.run-result/1"},
          {"kind", to_name(kKindNames, result.kind)},
          {"virtual", result.is_virtual},
          {"allocated_bytes", result.allocated_bytes},
          {"reserved_bytes", result.reserved_bytes},
          {"device_bytes", result.device_bytes},
          {"parameter_count", result.parameter_count},
          {"categories", result.categories},
          {"device", result.device},
          {"place", result.place},
          {"message", result.message}};
}

RunResult run_result_from_json(const Json& json, const std::string& where) {
  const JsonReader reader(json, where);
  if (reader.string("schema") != "headroom.run-result/1") reader.fail("schema", "headroom.run-result/1");
  RunResult result;
  result.kind = from_name(kKindNames, "kind", reader.string("kind"));
  result.is_virtual = reader.boolean_or("virtual", false);
  result.allocated_bytes = reader.integer("allocated_bytes", 0, kMost);
  result.reserved_bytes = reader.integer("reserved_bytes", 0, kMost);
  result.device_bytes = reader.integer("device_bytes", 0, kMost);
  result.parameter_count = reader.integer_or("parameter_count", 0, 0, kMost);
  result.categories = categories_from(reader.member("categories"));
  result.device = reader.string_or("device", "");
  result.place = reader.string_or("place", "");
  result.message = reader.string_or("message", "");
  return result;
}

QString ResultCache::default_folder() {
  return QStandardPaths::writableLocation(QStandardPaths::CacheLocation) + QStringLiteral("/results");
}

ResultCache::ResultCache(QString folder) : folder_(std::move(folder)) { QDir().mkpath(folder_); }

QString ResultCache::file_of(const RunSpec& spec) const {
  QByteArray key = QByteArray::fromStdString(to_json(spec).dump(-1, ' ', false, Json::error_handler_t::replace));
  key += HEADROOM_VERSION;
  key += program_fingerprint(find_program().path).toUtf8();
  for (const char* name : {"PYTORCH_CUDA_ALLOC_CONF", "PYTORCH_ALLOC_CONF"}) key += '\n' + qgetenv(name);
  if (const QFileInfo file(to_text(spec.model)); file.exists())
    key += QStringLiteral("%1 %2").arg(file.size()).arg(file.lastModified().toMSecsSinceEpoch()).toUtf8();
  const QByteArray digest = QCryptographicHash::hash(key, QCryptographicHash::Sha256).toHex().left(32);
  return folder_ + QLatin1Char('/') + QString::fromLatin1(digest) + QStringLiteral(".json");
}

std::optional<RunResult> ResultCache::find(const RunSpec& spec) const {
  const QString path = file_of(spec);
  if (!QFileInfo::exists(path)) return {};
  try {
    return run_result_from_json(parse_json_file(path.toStdString()), path.toStdString());
  } catch (const Error&) {
    return {};
  }
}

void ResultCache::keep(const RunSpec& spec, const RunResult& result) const {
  if (result.kind == RunResult::Kind::failed) return;
  try {
    write_file(file_of(spec).toStdString(),
               to_json(result).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
  } catch (const Error&) {
  }
  static int kept = 0;
  if (++kept % 512 == 0) thin_out(folder_);
}

void ResultCache::clear() const {
  for (const QFileInfo& file : QDir(folder_).entryInfoList({QStringLiteral("*.json")}, QDir::Files))
    QFile::remove(file.absoluteFilePath());
}

}  // namespace headroom::gui
