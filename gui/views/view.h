// One way to look at the runs of a session: a page of the window, a picture and a table of an export.
//
// A view reads the session and its selection, follows their signals, and never changes a run. What takes longer than a
// frame it computes elsewhere (in_background) and says so meanwhile. It shows a sentence where there is nothing to
// show.
#pragma once

#include <QAbstractItemModel>
#include <QPainter>
#include <QWidget>
#include <functional>
#include <memory>
#include <vector>

#include "base/json.h"
#include "gui/session/session.h"

namespace headroom::gui {

class View : public QWidget {
  Q_OBJECT

 public:
  View(Session& session, QWidget* parent) : QWidget(parent), session_(session) {}

  // The view as a picture in `page` (units: logical pixels at 100 %), in the colours of theme(), without scroll bars,
  // as an export and a print show it. The painter may draw to a bitmap, an SVG or a PDF.
  virtual void paint_page(QPainter& painter, const QRectF& page) = 0;

  // How large a page wants to be that is `width` wide; charts take what they get.
  virtual QSizeF page_size(double width) { return {width, width * 0.6}; }

  // What a CSV of the view holds and "copy as table" copies: integers of bytes under kExportRole. Never null; it may
  // have no rows.
  virtual QAbstractItemModel* table() = 0;

  // False while something of what it shows is still being computed.
  virtual bool is_settled() const { return true; }

  // What a session file keeps of it: zoom, sort order, what is folded. restore() takes whatever it is given.
  virtual Json state() const { return Json::object(); }
  virtual void restore(const Json&) {}

  // Whether Selection::filter() changes what is seen, so that the window shows its bar.
  virtual bool uses_filter() const { return false; }

  // Ctrl-F. False: there is nothing to find in here.
  virtual bool begin_find() { return false; }

  // Charts. False: there was nothing to do.
  virtual bool zoom_by(double) { return false; }  // above 1: closer
  virtual bool zoom_to_fit() { return false; }
  virtual bool undo_zoom() { return false; }

  // Several paragraphs of rich text: what is seen, and what each number means.
  virtual QString help() const = 0;

 Q_SIGNALS:
  void message(const QString& text);       // one line, for the status bar
  void settled();                          // is_settled() became true
  void view_wanted(const QByteArray& id);  // what was asked for is seen in another view

 protected:
  Session& session() { return session_; }
  const Session& session() const { return session_; }
  Selection& selection() { return session_.selection(); }

 private:
  Session& session_;
};

// Under which a model gives a cell's exact value: an integer of bytes, a count, or text.
inline constexpr int kExportRole = Qt::UserRole + 1;
// Under which it gives what a cell is sorted by.
inline constexpr int kSortRole = Qt::UserRole + 2;
// What a header's number means, for tooltips and help: Qt::ToolTipRole of headerData().

struct ViewKind {
  QByteArray id;  // "timeline": in command lines, session files and file names; never translated
  QString title;  // "Timeline"
  QString icon;   // a resource
  std::function<View*(Session&, QWidget* parent)> make;
};

// All of them, in the order of the window; one line each in views.cpp.
std::vector<ViewKind> view_kinds();

}  // namespace headroom::gui
