#include "gui/views/emptiness.h"

#include <QCoreApplication>
#include <algorithm>

#include "gui/window/theme.h"
#include "reports/summary.h"

namespace headroom::gui {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("Emptiness", text); }

}  // namespace

QString why_nothing(const Session& session) {
  const SessionRun* run = session.current_run();
  if (run == nullptr) return tr("No run is open. Open a recording, or drop one here.");
  if (!run->loaded && run->state == RunState::loading) return tr("%1 is being read.").arg(run->label);
  if (!run->loaded) return run->message;
  if (!has_peak(run->loaded->breakdown)) return tr("%1 allocated nothing that was recorded.").arg(run->label);
  return {};
}

void paint_sentence(QPainter& painter, const QRectF& area, const QString& sentence) {
  painter.save();
  painter.fillRect(area, theme().panel);
  painter.setPen(theme().soft);
  const double width = std::min(area.width() - 32, 560.0);
  painter.drawText(QRectF(area.center().x() - width / 2, area.top(), width, area.height()),
                   Qt::AlignCenter | Qt::TextWordWrap, sentence);
  painter.restore();
}

}  // namespace headroom::gui
