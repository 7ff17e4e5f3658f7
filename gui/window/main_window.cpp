#include "gui/window/main_window.h"

#include <QListWidget>
#include <QSplitter>
#include <QStackedWidget>
#include <QStatusBar>

namespace headroom::gui {

MainWindow::MainWindow(Session& session, QWidget* parent)
    : QMainWindow(parent),
      session_(session),
      kinds_(view_kinds()),
      navigation_(new QListWidget),
      pages_(new QStackedWidget) {
  setWindowTitle(tr("Headroom"));
  auto* splitter = new QSplitter;
  splitter->addWidget(navigation_);
  splitter->addWidget(pages_);
  splitter->setStretchFactor(1, 1);
  setCentralWidget(splitter);
  for (const ViewKind& kind : kinds_) {
    views_.push_back(kind.make(session_, pages_));
    pages_->addWidget(views_.back());
    navigation_->addItem(kind.title);
    connect(views_.back(), &View::message, statusBar(),
            [this](const QString& text) { statusBar()->showMessage(text); });
  }
  connect(navigation_, &QListWidget::currentRowChanged, pages_, &QStackedWidget::setCurrentIndex);
  navigation_->setCurrentRow(0);
  resize(1280, 800);
}

View* MainWindow::view(const QByteArray& id) const {
  for (std::size_t i = 0; i < kinds_.size(); ++i)
    if (kinds_[i].id == id) return views_[i];
  return nullptr;
}

View* MainWindow::current_view() const { return views_[static_cast<std::size_t>(navigation_->currentRow())]; }

void MainWindow::show_view(const QByteArray& id) {
  for (std::size_t i = 0; i < kinds_.size(); ++i)
    if (kinds_[i].id == id) navigation_->setCurrentRow(static_cast<int>(i));
}

}  // namespace headroom::gui
