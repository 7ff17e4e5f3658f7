#include "gui/export/exporter.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "gui/views/text.h"

namespace headroom::gui {
namespace {

constexpr int kWaitMilliseconds = 20;  // until a view is asked again whether it is settled

// Only the last one: where the export's own is gone by now, that is to be said.
void make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directory(folder, error);
  const bool is_full = error == std::errc::no_space_on_device;
  if (error)
    throw Error(is_full ? ExitCode::could_not_measure : ExitCode::bad_input,
                fmt::format("{}: the folder cannot be made: {}", folder.string(), error.message()));
}

}  // namespace

QString file_name(const ExportItem& item) {
  const QString name = QString::fromLatin1(item.view) + '.' + to_text(name_of(item.format));
  return item.folder.isEmpty() ? name : item.folder + '/' + name;
}

Exporter::Exporter(ViewOf view_of, QObject* parent) : QObject(parent), view_of_(std::move(view_of)) {
  timer_.setSingleShot(true);
  connect(&timer_, &QTimer::timeout, this, &Exporter::step);
}

void Exporter::start(std::vector<ExportItem> items, const std::filesystem::path& folder,
                     const PictureOptions& options) {
  require_writable_folder(folder);
  items_ = std::move(items);
  folder_ = folder;
  options_ = options;
  next_ = 0;
  busy_ = true;
  timer_.start(0);
}

void Exporter::cancel() {
  if (busy_) finish({}, 0);
}

void Exporter::finish(const QString& error, int code) {
  timer_.stop();
  busy_ = false;
  Q_EMIT finished(error, code);
}

void Exporter::step() {
  if (next_ >= items_.size()) return finish({}, 0);
  View* view = view_of_(items_[next_]);
  if (view != nullptr && !view->is_settled()) return timer_.start(kWaitMilliseconds);
  try {
    if (view != nullptr) write(items_[next_]);
  } catch (const Error& error) {
    return finish(QString::fromUtf8(error.what()), static_cast<int>(error.code()));
  } catch (const std::exception& error) {
    return finish(tr("unexpected failure: %1").arg(QString::fromUtf8(error.what())),
                  static_cast<int>(ExitCode::could_not_measure));
  }
  ++next_;
  Q_EMIT progressed();
  if (busy_) timer_.start(0);
}

void Exporter::write(const ExportItem& item) {
  const QByteArray bytes = export_bytes(*view_of_(item), item.title, item.format, options_);
  if (!item.folder.isEmpty()) make_folder(folder_ / item.folder.toStdString());
  write_file(folder_ / file_name(item).toStdString(), {bytes.constData(), static_cast<std::size_t>(bytes.size())});
}

}  // namespace headroom::gui
