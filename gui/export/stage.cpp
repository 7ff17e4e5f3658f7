#include "gui/export/stage.h"

#include <algorithm>
#include <array>

namespace headroom::gui {
namespace {

constexpr int kMostNameBytes = 200;  // file systems take 255, and a number may follow

// Views that show all runs at once.
constexpr std::array kComparing{"comparison", "diff"};

bool compares_runs(const QByteArray& view) {
  return std::find(kComparing.begin(), kComparing.end(), view) != kComparing.end();
}

// Runs may be called anything; a file's name has no slashes, is not hidden and is not too long.
QString as_file_name(const QString& label) {
  QString name;
  for (const QChar c : label) name += c == '/' || c == '\\' || !c.isPrint() ? QChar('_') : c;
  name = name.trimmed();
  if (name.startsWith('.')) name.replace(0, 1, '_');
  while (name.toUtf8().size() > kMostNameBytes) name.chop(1);
  return name.isEmpty() ? QStringLiteral("run") : name;
}

}  // namespace

ExportStage::ExportStage(const Session& session, const std::map<std::string, Json>& states) : states_(states) {
  int baseline = 0, count = 0;
  for (const int index : session.ready_runs()) {
    const SessionRun& run = session.runs()[static_cast<std::size_t>(index)];
    session_.add(run.loaded);
    session_.rename(count, run.label);
    if (index == session.baseline()) baseline = count;
    ++count;
  }
  session_.set_baseline(baseline);
  Filter filter = session.selection().filter();
  filter.layer.reset();  // its number is another layer's in another run
  session_.selection().set_filter(filter);
}

View* ExportStage::view(const ExportItem& item) {
  if (item.run >= 0) session_.set_current(item.run);
  std::unique_ptr<View>& view = views_[item.view];
  if (view) return view.get();
  for (const ViewKind& kind : view_kinds())
    if (kind.id == item.view) view.reset(kind.make(session_, nullptr));
  const auto state = states_.find(item.view.toStdString());
  if (view && state != states_.end()) view->restore(state->second);
  return view.get();
}

QStringList run_folders(const Session& session, const QStringList& taken) {
  QStringList folders;
  for (const int index : session.ready_runs()) {
    const QString wanted = as_file_name(session.runs()[static_cast<std::size_t>(index)].label);
    QString name = wanted;
    for (int number = 2; folders.contains(name, Qt::CaseInsensitive) || taken.contains(name, Qt::CaseInsensitive);
         ++number)
      name = QStringLiteral("%1 (%2)").arg(wanted).arg(number);
    folders.append(name);
  }
  return folders;
}

std::vector<ExportItem> items_of_all_runs(const Session& session, const std::vector<ExportItem>& items) {
  std::vector<ExportItem> all, once;
  QStringList taken;
  for (const ExportItem& item : items) {
    if (!compares_runs(item.view)) continue;
    once.push_back(item);
    taken.append(file_name(item));
  }
  const QStringList folders = run_folders(session, taken);
  for (qsizetype run = 0; run < folders.size(); ++run)
    for (ExportItem item : items) {
      if (compares_runs(item.view)) continue;
      item.run = static_cast<int>(run);
      item.folder = folders[run];
      all.push_back(std::move(item));
    }
  all.insert(all.end(), once.begin(), once.end());
  return all;
}

}  // namespace headroom::gui
