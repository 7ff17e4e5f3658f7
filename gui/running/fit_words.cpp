#include "gui/running/fit_words.h"

#include <QCoreApplication>

#include "gui/views/text.h"

namespace headroom::gui {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("FitMap", text); }

}  // namespace

QString fit_title(const RunSpec& spec) {
  const QString attention = spec.attention.empty() ? tr("its own attention") : to_text(spec.attention);
  QStringList parts{to_text(spec.model), attention, to_text(to_name(kModeNames, spec.mode)),
                    to_text(to_name(kDtypeNames, spec.dtype))};
  if (spec.mode == Mode::train) parts.append(to_text(to_name(kOptimizerNames, spec.optimizer)));
  if (spec.checkpoint != Checkpoint::none) parts.append(tr("checkpointed"));
  if (spec.sdpa != Sdpa::eager) parts.append(to_text(to_name(kSdpaNames, spec.sdpa)));
  if (!spec.compression.empty()) parts.append(to_text(spec.compression));
  return parts.join(QStringLiteral(" · "));
}

QString title_of(FitState state) {
  switch (state) {
    case FitState::untried:
      return tr("not run");
    case FitState::fits:
      return tr("fits");
    case FitState::out_of_memory:
      return tr("out of memory");
    case FitState::smaller_did_not_fit:
      return tr("not run: a smaller one did not fit");
    case FitState::refused:
      return tr("failed");
  }
  return {};
}

std::vector<Column> fit_columns(const FitSearch& search) {
  const auto cell = [&search](std::int64_t row) {
    const auto count = static_cast<std::int64_t>(search.grid().batches().size());
    return FitCell{static_cast<std::size_t>(row % count), static_cast<std::size_t>(row / count)};
  };
  const auto bytes = [&search, cell](std::int64_t RunResult::*member) {
    return [&search, cell, member](std::int64_t row) {
      const RunResult* result = search.result(cell(row));
      return result && result->fits() ? QVariant(qlonglong(result->*member)) : QVariant(QString());
    };
  };
  const auto size_column = [&](const QString& name, const QString& meaning, std::int64_t RunResult::*member) {
    const auto value = bytes(member);
    Column column{name, meaning, [value](std::int64_t row) {
                    const QVariant v = value(row);
                    return v.typeId() == QMetaType::LongLong ? size_text(v.toLongLong()) : QString();
                  }};
    column.value = value;
    return column;
  };
  std::vector<Column> columns{
      count_column(tr("Sequence length"), tr("Tokens per sequence."),
                   [&search, cell](std::int64_t row) { return search.grid().seqs()[cell(row).seq]; }),
      count_column(tr("Batch"), tr("Sequences per step."),
                   [&search, cell](std::int64_t row) { return search.grid().batches()[cell(row).batch]; }),
      text_column(tr("Outcome"), tr("Of the virtual run; or why there was none."),
                  [&search, cell](std::int64_t row) { return title_of(search.grid().at(cell(row))); }),
      size_column(tr("Peak allocated"), tr("The most bytes allocated at once."), &RunResult::allocated_bytes),
      size_column(tr("Peak reserved"), tr("The most bytes that the allocator took from the GPU."),
                  &RunResult::reserved_bytes),
      text_column(tr("GPU"), tr("The virtual GPU of the run."),
                  [&search](std::int64_t) { return to_text(search.spec().device); })};
  return columns;
}

}  // namespace headroom::gui
