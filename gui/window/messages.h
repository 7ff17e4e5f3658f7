// What views and actions said: the newest in the status bar, all of them in a list that opens from there.
#pragma once

#include <QDialog>
#include <QStringListModel>
#include <QToolButton>

namespace headroom::gui {

class Messages : public QToolButton {
  Q_OBJECT

 public:
  explicit Messages(QWidget* parent);

  void say(const QString& message);
  QStringList all() const { return model_.stringList(); }  // oldest first, each with its time

 protected:
  void resizeEvent(QResizeEvent* event) override;
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override { return sizeHint(); }

 private:
  void show_newest();
  void open_list();

  QString newest_;
  QStringListModel model_;
};

}  // namespace headroom::gui
