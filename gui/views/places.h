// When and where something is, and what a category means: words of reports/ in the language of the viewer.
#pragma once

#include "gui/views/text.h"

namespace headroom::gui {

QString meaning_of(Category category);                           // a sentence
QString moment_text(Phase phase, std::int32_t step);             // "backward of step 2"
QString place_text(const Breakdown& run, const PeakView& peak);  // "backward of step 2 at encoder.layer.3"

}  // namespace headroom::gui
