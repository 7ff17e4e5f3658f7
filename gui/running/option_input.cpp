#include "gui/running/option_input.h"

#include <QComboBox>
#include <QCoreApplication>
#include <QLineEdit>

#include "gui/views/text.h"
#include "models/catalog/options.h"

namespace headroom::gui {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("OptionInput", text); }

QString default_text(const QString& fallback) {
  return fallback.isEmpty() ? tr("default") : tr("default: %1").arg(fallback);
}

QString meaning_of(const models::MechanismOption& option) {
  const QString meaning = to_text(option.meaning);
  if (!option.values.empty()) return meaning;
  return tr("%1: from %2 to %3")
      .arg(meaning, to_text(models::option_text(option, option.low)),
           to_text(models::option_text(option, option.high)));
}

}  // namespace

QWidget* make_option_input(const models::MechanismOption& option, const QString& given, const QString& fallback,
                           const std::function<void(const QString&)>& take) {
  QWidget* input = nullptr;
  if (option.values.empty()) {
    auto* edit = new QLineEdit(given);
    QObject::connect(edit, &QLineEdit::textChanged, edit, [take](const QString& text) { take(text.trimmed()); });
    input = edit;
  } else {
    auto* box = new QComboBox;
    box->addItem(QString(), QString());
    for (const std::string_view value : option.values) box->addItem(to_text(value), to_text(value));
    if (!given.isEmpty() && box->findData(given) < 0) box->addItem(given, given);  // wrong, and said so elsewhere
    box->setCurrentIndex(std::max(0, box->findData(given)));
    QObject::connect(box, &QComboBox::currentIndexChanged, box, [take, box] { take(box->currentData().toString()); });
    input = box;
  }
  input->setToolTip(meaning_of(option));
  input->setAccessibleDescription(meaning_of(option));
  set_fallback(input, fallback);
  return input;
}

void set_fallback(QWidget* option_input, const QString& fallback) {
  if (auto* edit = qobject_cast<QLineEdit*>(option_input)) edit->setPlaceholderText(default_text(fallback));
  if (auto* box = qobject_cast<QComboBox*>(option_input)) box->setItemText(0, default_text(fallback));
}

}  // namespace headroom::gui
