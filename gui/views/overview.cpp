#include "gui/views/overview.h"

#include <QEvent>
#include <QLabel>
#include <QScrollArea>
#include <QVBoxLayout>
#include <cmath>

#include "gui/charts/table_page.h"
#include "gui/items/descriptions.h"
#include "gui/views/overview_page.h"
#include "gui/views/text.h"
#include "gui/window/theme.h"
#include "reports/summary.h"

namespace headroom::gui {
namespace {

// Why there is no run to show; empty where there is one.
QString sentence_for(const SessionRun* run) {
  if (run == nullptr) return Overview::tr("No run is open. Open a recording, or drop one on the window.");
  if (run->loaded) return {};
  return run->state == RunState::failed ? Overview::tr("This run could not be read: %1").arg(run->message)
                                        : Overview::tr("The run is still being read…");
}

}  // namespace

Overview::Overview(Session& session, QWidget* parent) : View(session, parent), scroll_(new QScrollArea(this)) {
  scroll_->setWidgetResizable(true);
  scroll_->setFrameShape(QFrame::NoFrame);
  scroll_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  scroll_->setAccessibleName(tr("Overview"));
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(scroll_);
  setFocusProxy(scroll_);
  connect(&session, &Session::current_changed, this, &Overview::show_current);
  connect(&session, &Session::run_changed, this, [this](int index) {
    if (index == this->session().current() && !this->session().current_loaded()) show_current();
  });
  show_current();
}

void Overview::show_current() {
  const RunHandle run = session().current_loaded();
  fill_table(run);
  if (!run) {
    auto* label = new QLabel(sentence_for(session().current_run()), scroll_);
    label->setAlignment(Qt::AlignCenter);
    label->setWordWrap(true);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    scroll_->setWidget(label);
    return;
  }
  auto* page = new OverviewPage(*run, false, scroll_);
  connect(page, &OverviewPage::link, this, [this, run](const QString& link) { follow_link(*run, selection(), link); });
  connect(page, &OverviewPage::copied, this, &View::message);
  scroll_->setWidget(page);
}

// Texts hold the theme's colours.
void Overview::changeEvent(QEvent* event) {
  View::changeEvent(event);
  if (event->type() == QEvent::PaletteChange && scroll_->widget() != nullptr)
    QMetaObject::invokeMethod(this, &Overview::show_current, Qt::QueuedConnection);
}

void Overview::fill_table(const RunHandle& run) {
  if (!run) return table_.clear();
  std::vector<std::pair<QString, std::int64_t>> rows;
  const Breakdown& b = run->breakdown;
  rows.emplace_back(tr("peak allocated"), b.peak.allocated_bytes);
  for (std::size_t c = 0; c < kCategoryCount; ++c)
    rows.emplace_back(tr("%1 at the peak").arg(title_of(static_cast<Category>(c))), b.peak.categories[c]);
  rows.emplace_back(tr("peak requested"), b.peak_requested_bytes);
  rows.emplace_back(tr("peak reserved"), b.peak_reserved_bytes);
  rows.emplace_back(tr("parameters"), b.parameter_bytes);
  rows.emplace_back(tr("kept for backward"), kept_activation_bytes(b));
  rows.emplace_back(tr("KV cache"), kv_cache_bytes(b));
  const auto count = static_cast<std::int64_t>(rows.size());
  const auto at = [rows](std::int64_t row) { return rows[static_cast<std::size_t>(row)]; };
  table_.set(
      {text_column(tr("figure"), tr("What is counted."), [at](std::int64_t row) { return at(row).first; }),
       bytes_column(tr("bytes"), tr("How much of it there was."), [at](std::int64_t row) { return at(row).second; })},
      count);
}

std::unique_ptr<QWidget> Overview::make_page(int width) {
  const RunHandle run = session().current_loaded();
  if (!run) return nullptr;
  auto page = std::make_unique<OverviewPage>(*run, true, nullptr);
  page->setAttribute(Qt::WA_DontShowOnScreen);
  page->resize(width, 600);
  page->show();  // lays it out
  page->resize(width, std::max(page->heightForWidth(width), page->minimumSizeHint().height()));
  return page;
}

QSizeF Overview::page_size(double width) {
  const auto page = make_page(static_cast<int>(std::lround(width)));
  return page ? QSizeF(width, page->height()) : View::page_size(width);
}

void Overview::paint_page(QPainter& painter, const QRectF& page) {
  painter.fillRect(page, theme().ground);
  const auto cards = make_page(static_cast<int>(std::lround(page.width())));
  if (!cards) {
    paint_page_head(painter, page, tr("Overview"), sentence_for(session().current_run()));
    return;
  }
  painter.save();
  painter.translate(page.topLeft());
  cards->render(&painter, QPoint(), QRegion(), QWidget::DrawChildren);
  painter.restore();
}

QString Overview::help() const {
  return tr(
      "<p>What the run took. <b>Peak allocated</b> is the most that was in blocks of the allocator at once, "
      "<b>peak reserved</b> the most that the allocator had from the device. The bar shows <b>what</b> was alive at "
      "the peak, by category; click a part to choose it in every view.</p>"
      "<p><b>Kept for backward</b> is what operators requested for activations of the last step. <b>Closed "
      "forms</b> are formulas that say beforehand what a layer takes; what was recorded is compared with them, to "
      "the byte.</p>"
      "<p><b>Requested</b> is what operators asked for, before the allocator rounded it to blocks; <b>blocks alive</b> "
      "is how many there were. <b>Peaks of the steps</b>: the most of each step; the last one shows what training "
      "costs once the optimizer has its state. <b>The allocator's own account</b> is what PyTorch's allocator counted "
      "by itself: where its peak equals the sum of the recorded blocks, nothing was missed. <b>What the numbers rest "
      "on</b> is what this run could not know.</p>"
      "<p><b>virtual</b>: no GPU ran this; PyTorch's own CUDA code and allocator ran over a virtual device. "
      "<b>measured</b>: it really ran on the device.</p>");
}

}  // namespace headroom::gui
