// The viewer's texts in the language of the desktop, as far as they are translated.
#pragma once

#include <QTranslator>

class QApplication;
class QLocale;

namespace headroom::gui {

// One catalogue without contexts: a text means the same wherever it stands.
class Catalogue : public QTranslator {
 public:
  using QTranslator::QTranslator;

  QString translate(const char* context, const char* source, const char* comment, int n) const override;
};

// Ours, of gui/translations, and Qt's own. False: there are none of ours.
bool install_translations(QApplication& application, const QLocale& locale);

}  // namespace headroom::gui
