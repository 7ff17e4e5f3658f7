// What the cards of the overview say, as rich text.
#pragma once

#include <QString>
#include <QStringList>
#include <vector>

#include "analysis/breakdown.h"
#include "analysis/shortfall.h"

namespace headroom::gui {

QString truth_meaning(const Environment& environment);
QStringList chips_of(const Breakdown& run);  // what decides the run

QString sentence_of_failure(const Outcome& outcome);
QString largest_then(const Breakdown& run);  // of a run that ran out; empty where nothing was alive
QString missing_text(const Breakdown& run, const Shortfall& shortfall);
QString group_text(const Breakdown& run, const ShortfallGroup& group);

// Layers whose paths differ in numbers alone and whose forms are equal.
struct FormGroup {
  ClosedFormCheck check;
  QString layer;
  int count = 0;
};

std::vector<FormGroup> grouped_forms(const Breakdown& run);  // those that differ first
QString verdict(const ClosedFormCheck& check);

}  // namespace headroom::gui
