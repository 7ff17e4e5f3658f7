// A field for one option of an attention mechanism or of a way to compress: a choice where its values have names, else
// a text. What is not given is empty, and the field says what stands for it.
#pragma once

#include <QWidget>
#include <functional>

#include "models/catalog/attention.h"

namespace headroom::gui {

// `given`: now; `fallback`: what holds without it. `take` hears of every change; empty: not given.
QWidget* make_option_input(const models::MechanismOption& option, const QString& given, const QString& fallback,
                           const std::function<void(const QString&)>& take);

// Says what now holds where nothing is given.
void set_fallback(QWidget* option_input, const QString& fallback);

}  // namespace headroom::gui
