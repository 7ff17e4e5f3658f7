// The names of a tree of layers: what is folded has its ×12 as a link that unfolds it, the first block of what was
// unfolded one that folds it again.
#pragma once

#include "gui/items/layer_tree.h"
#include "gui/views/heat_delegate.h"

namespace headroom::gui {

class FoldDelegate : public HeatDelegate {
  Q_OBJECT

 public:
  explicit FoldDelegate(QObject* parent) : HeatDelegate(parent) {}

  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
  QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
  bool editorEvent(QEvent* event, QAbstractItemModel* model, const QStyleOptionViewItem& option,
                   const QModelIndex& index) override;
  // Within the cell; empty where there is none.
  QRect link_rect(const QStyleOptionViewItem& option, const QModelIndex& index) const;

 Q_SIGNALS:
  void link_clicked(const QModelIndex& index);

 protected:
  void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override;
};

}  // namespace headroom::gui
