#include "gui/window/details.h"

#include <QEvent>
#include <QTextBrowser>
#include <QVBoxLayout>

#include "analysis/peaks.h"
#include "gui/items/allocation_rows.h"
#include "gui/items/descriptions.h"
#include "gui/window/theme.h"
#include "reports/summary.h"

namespace headroom::gui {

Details::Details(Session& session, QWidget* parent)
    : QWidget(parent), session_(session), browser_(new QTextBrowser(this)) {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(browser_);
  browser_->setOpenLinks(false);
  browser_->setAccessibleName(tr("What is chosen"));
  browser_->setFrameShape(QFrame::NoFrame);
  browser_->document()->setDocumentMargin(8);
  browser_->setMinimumWidth(fontMetrics().averageCharWidth() * 41);  // ten digits beside their name
  setFocusProxy(browser_);
  connect(browser_, &QTextBrowser::anchorClicked, this, &Details::follow);
  connect(&session_, &Session::current_changed, this, &Details::refresh);
  connect(&session_.selection(), &Selection::changed, this, &Details::refresh);
  refresh();
}

QString Details::text() const { return browser_->toPlainText(); }

void Details::changeEvent(QEvent* event) {
  if (event->type() == QEvent::PaletteChange) refresh();
  QWidget::changeEvent(event);
}

void Details::follow(const QUrl& link) {
  if (const RunHandle run = session_.current_loaded()) follow_link(*run, session_.selection(), link.toString());
}

void Details::show_parts(const QStringList& parts) { browser_->setHtml(parts.join(QStringLiteral("<hr>"))); }

// What is wrong with a run stands in its page.
QString Details::nothing() const {
  const SessionRun* run = session_.current_run();
  if (run == nullptr) return tr("<p>No run is open.</p>");
  return run->state == RunState::loading ? tr("<p>The run is still being read.</p>")
                                         : tr("<p>This run could not be read.</p>");
}

// The most particular thing first; the instant last, since it needs a walk over the run's blocks.
void Details::refresh() {
  background_.cancel();
  const RunHandle run = session_.current_loaded();
  if (!run) return show_parts({nothing()});
  if (!has_peak(run->breakdown)) return show_parts({tr("<p>This run allocated nothing.</p>")});
  const Chosen chosen = chosen_within(*run, session_.selection().chosen());
  QStringList parts;
  if (chosen.allocation) parts << describe_allocation(*run, *chosen.allocation);
  if (chosen.layer) parts << describe_layer(*run, *chosen.layer);
  if (chosen.category) parts << describe_category(*run, *chosen.category);
  if (!chosen.event) {
    if (parts.isEmpty())
      parts << tr("<p>Nothing is chosen: click a tensor, a layer, a category or an instant in any view to see it "
                  "here.</p>")
            << describe_instant(*run, run->breakdown.peak, true);
    return show_parts(parts);
  }
  show_parts(parts + QStringList{tr("<p>Adding up what was alive…</p>")});
  background_.start(
      [run, event = *chosen.event](const std::atomic<bool>&) {
        return view_after(run->recording, run->breakdown.allocations, event);
      },
      [this, run, parts](const PeakView& instant) {
        show_parts(parts + QStringList{describe_instant(*run, instant, instant.event == run->breakdown.peak.event)});
      });
}

}  // namespace headroom::gui
