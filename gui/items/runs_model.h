// The runs of a session as a list: what each is called, in which state it is, what it took.
#pragma once

#include <QAbstractListModel>

#include "gui/session/session.h"

namespace headroom::gui {

class RunsModel : public QAbstractListModel {
  Q_OBJECT

 public:
  enum Role {
    kStateRole = Qt::UserRole + 100,  // RunState as int
    kLineRole,                        // what stands below the name: the peak, what is being done, why it failed
    kTruthRole,                       // "virtual" or "measured", translated; empty until it is loaded
    kVirtualRole,                     // bool
    kBaselineRole,
    kWarningRole,  // it is shown, but something became of its file; or its run failed
  };

  explicit RunsModel(Session& session, QObject* parent = nullptr);

  int rowCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
  bool setData(const QModelIndex& index, const QVariant& value, int role = Qt::EditRole) override;
  Qt::ItemFlags flags(const QModelIndex& index) const override;

 private:
  void reset();

  Session& session_;
  int count_ = 0;  // rows that were announced
};

// One line: the peak; of a run that ran out of memory or failed, that it did.
QString summary_line(const SessionRun& run);

}  // namespace headroom::gui
