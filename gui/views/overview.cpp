#include "gui/views/overview.h"

#include <QLabel>
#include <QVBoxLayout>

#include "gui/views/text.h"
#include "gui/window/theme.h"
#include "reports/summary.h"

namespace headroom::gui {

Overview::Overview(Session& session, QWidget* parent) : View(session, parent), text_(new QLabel(this)) {
  auto* layout = new QVBoxLayout(this);
  layout->addWidget(text_, 0, Qt::AlignTop);
  connect(&session, &Session::current_changed, this, &Overview::show_current);
  show_current();
}

void Overview::show_current() {
  const RunHandle run = session().current_loaded();
  text_->setText(!run ? tr("No run is open.")
                      : tr("%1 at %2")
                            .arg(size_and_exact(run->breakdown.peak.allocated_bytes),
                                 to_text(place(run->breakdown, run->breakdown.peak))));
}

void Overview::paint_page(QPainter& painter, const QRectF& page) {
  painter.fillRect(page, theme().ground);
  painter.setPen(theme().ink);
  painter.drawText(page, Qt::AlignTop | Qt::AlignLeft, text_->text());
}

QString Overview::help() const { return tr("<p>What the run took.</p>"); }

}  // namespace headroom::gui
