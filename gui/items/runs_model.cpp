#include "gui/items/runs_model.h"

#include <QCoreApplication>
#include <QDir>

#include "gui/views/text.h"

namespace headroom::gui {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("Runs", text); }

OutcomeKind outcome_of(const SessionRun& run) { return run.loaded->recording.outcome.kind; }

QString spoken(const SessionRun& run, bool is_baseline) {
  QString text = run.label + QStringLiteral(", ") + summary_line(run);
  if (run.loaded) text += QStringLiteral(", ") + truth_text(run.loaded->recording.environment);
  return is_baseline ? text + QStringLiteral(", ") + tr("baseline") : text;
}

QString tooltip(const SessionRun& run) {
  QString text = QDir::toNativeSeparators(run.path);
  if (run.loaded) text += '\n' + tr("peak: %1").arg(size_and_exact(run.loaded->breakdown.peak.allocated_bytes));
  if (run.loaded && !run.loaded->recording.outcome.message.empty())
    text += '\n' + to_text(run.loaded->recording.outcome.message);
  return run.message.isEmpty() ? text : text + '\n' + run.message;
}

}  // namespace

QString summary_line(const SessionRun& run) {
  if (run.state == RunState::loading) return tr("%1…").arg(run.message);
  const QString of_this_file = run.path + QStringLiteral(": ");
  if (run.message.startsWith(of_this_file)) return run.message.mid(of_this_file.size());
  if (run.state == RunState::failed || !run.message.isEmpty()) return run.message;
  const QString peak = size_text(run.loaded->breakdown.peak.allocated_bytes);
  if (outcome_of(run) == OutcomeKind::oom) return tr("out of memory at %1").arg(peak);
  if (outcome_of(run) == OutcomeKind::error) return tr("failed at %1").arg(peak);
  return tr("%1 at the peak").arg(peak);
}

RunsModel::RunsModel(Session& session, QObject* parent)
    : QAbstractListModel(parent), session_(session), count_(static_cast<int>(session.runs().size())) {
  connect(&session_, &Session::runs_changed, this, &RunsModel::reset);
  connect(&session_, &Session::run_changed, this, [this](int row) { Q_EMIT dataChanged(index(row), index(row)); });
  connect(&session_, &Session::baseline_changed, this, [this] {
    if (count_ > 0) Q_EMIT dataChanged(index(0), index(count_ - 1));
  });
}

void RunsModel::reset() {
  beginResetModel();
  count_ = static_cast<int>(session_.runs().size());
  endResetModel();
}

int RunsModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : count_; }

QVariant RunsModel::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid) ||
      index.row() >= static_cast<int>(session_.runs().size()))
    return {};
  const SessionRun& run = session_.runs()[static_cast<std::size_t>(index.row())];
  const bool is_baseline = index.row() == session_.baseline() && session_.runs().size() > 1;
  switch (role) {
    case Qt::DisplayRole:
    case Qt::EditRole:
      return run.label;
    case Qt::ToolTipRole:
      return tooltip(run);
    case Qt::AccessibleTextRole:
      return spoken(run, is_baseline);
    case kStateRole:
      return static_cast<int>(run.state);
    case kLineRole:
      return summary_line(run);
    case kVirtualRole:
      return run.loaded && run.loaded->recording.environment.device_kind == DeviceKind::virtual_cuda;
    case kTruthRole:
      return run.loaded ? truth_text(run.loaded->recording.environment) : QString();
    case kBaselineRole:
      return is_baseline;
    case kWarningRole:
      return run.state == RunState::failed || !run.loaded
                 ? run.state == RunState::failed
                 : outcome_of(run) != OutcomeKind::ok || (run.state == RunState::ready && !run.message.isEmpty());
    default:
      return {};
  }
}

bool RunsModel::setData(const QModelIndex& index, const QVariant& value, int role) {
  if (role != Qt::EditRole || !index.isValid() || value.toString().trimmed().isEmpty()) return false;
  session_.rename(index.row(), value.toString());
  return true;
}

Qt::ItemFlags RunsModel::flags(const QModelIndex& index) const {
  return index.isValid() ? Qt::ItemIsSelectable | Qt::ItemIsEnabled | Qt::ItemIsEditable | Qt::ItemNeverHasChildren
                         : Qt::NoItemFlags;
}

}  // namespace headroom::gui
