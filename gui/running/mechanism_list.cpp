#include "gui/running/mechanism_list.h"

#include <QFormLayout>
#include <QHeaderView>
#include <QLabel>
#include <QTreeWidget>
#include <QVBoxLayout>

#include "base/error.h"
#include "gui/running/option_input.h"
#include "gui/running/spec_check.h"
#include "gui/views/padded_delegate.h"
#include "gui/views/row_copy.h"
#include "gui/views/text.h"
#include "gui/window/theme.h"
#include "models/catalog/attention.h"
#include "models/catalog/options.h"

namespace headroom::gui {
namespace {

constexpr int kNameRole = Qt::UserRole;
enum Columns { kName, kPeak, kDifference };

QString signed_size(std::int64_t bytes) {
  return bytes == 0 ? QStringLiteral("±0") : (bytes > 0 ? QStringLiteral("+") : QString()) + size_text(bytes);
}

QString fallback_text(const models::MechanismOption& option, const RunSpec& spec) {
  try {
    return to_text(models::option_text(option, option.fallback(model_of(spec))));
  } catch (const Error&) {
    return {};
  }
}

}  // namespace

MechanismList::MechanismList(QWidget* parent)
    : QWidget(parent), tree_(new QTreeWidget), options_(new QWidget), note_(new QLabel) {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(tree_, 1);
  layout->addWidget(note_);
  layout->addWidget(options_);
  note_->setWordWrap(true);
  tree_->setColumnCount(3);
  tree_->setHeaderLabels({tr("Attention"), tr("Peak"), tr("Difference")});
  tree_->headerItem()->setToolTip(kPeak, tr("The most bytes allocated at once in a virtual run of it."));
  tree_->headerItem()->setToolTip(kDifference, tr("Against the first one that is checked."));
  for (const int column : {kPeak, kDifference})
    tree_->headerItem()->setTextAlignment(column, Qt::AlignRight | Qt::AlignVCenter);
  tree_->header()->setStretchLastSection(false);
  tree_->header()->setSectionResizeMode(kName, QHeaderView::Stretch);
  for (const int column : {kPeak, kDifference})
    tree_->header()->setSectionResizeMode(column, QHeaderView::ResizeToContents);
  tree_->setRootIsDecorated(false);
  tree_->setAccessibleName(tr("Attention mechanisms"));
  for (const int column : {kPeak, kDifference}) tree_->setItemDelegateForColumn(column, new PaddedDelegate(tree_));
  new RowCopy(tree_);
  add_mechanisms();
  connect(tree_, &QTreeWidget::itemChanged, this, [this](QTreeWidgetItem*, int column) {
    if (column == kName && !updating_) Q_EMIT changed();
  });
  connect(tree_, &QTreeWidget::currentItemChanged, this, &MechanismList::edit_options);
}

void MechanismList::add_mechanisms() {
  for (const models::AttentionMechanism& mechanism : models::attention_mechanisms()) {
    auto* item = new QTreeWidgetItem(tree_, {to_text(mechanism.name)});
    item->setData(kName, kNameRole, to_text(mechanism.name));
    item->setCheckState(kName, Qt::Unchecked);
    item->setSizeHint(kName, {0, fontMetrics().height() + 7});
    for (const int column : {kPeak, kDifference}) item->setTextAlignment(column, Qt::AlignRight | Qt::AlignVCenter);
  }
}

void MechanismList::set_spec(const RunSpec& spec) {
  spec_ = spec;
  updating_ = true;
  for (int i = 0; i < tree_->topLevelItemCount(); ++i) update_item(tree_->topLevelItem(i));
  updating_ = false;
  edit_options();
}

void MechanismList::update_item(QTreeWidgetItem* item) {
  const std::string name = item->data(kName, kNameRole).toString().toStdString();
  const models::AttentionMechanism& mechanism = models::attention_mechanism(name);
  const std::string problem = mechanism_problem(spec_, text_of(name));
  // With bad values of its own options it can be mended, and stays.
  const bool defined = problem.empty() || (!given_[name].empty() && mechanism_problem(spec_, name).empty());
  problems_[name] = problem;
  item->setDisabled(!defined);
  item->setText(kName, to_text(text_of(name)));
  item->setToolTip(kName, problem.empty()
                              ? QStringLiteral("%1\n%2").arg(to_text(mechanism.title), to_text(mechanism.source))
                              : to_text(problem));
  item->setData(kName, Qt::AccessibleDescriptionRole, item->toolTip(kName));
}

std::string MechanismList::text_of(const std::string& mechanism) const {
  std::string text = mechanism;
  if (const auto given = given_.find(mechanism); given != given_.end())
    for (const auto& [option, value] : given->second) text += ":" + option + "=" + value;
  return text;
}

QTreeWidgetItem* MechanismList::item_of(const std::string& mechanism) const {
  const QString name = to_text(models::mechanism_name(mechanism));
  for (int i = 0; i < tree_->topLevelItemCount(); ++i)
    if (tree_->topLevelItem(i)->data(kName, kNameRole).toString() == name) return tree_->topLevelItem(i);
  return nullptr;
}

std::vector<std::string> MechanismList::checked() const {
  std::vector<std::string> mechanisms;
  for (int i = 0; i < tree_->topLevelItemCount(); ++i) {
    const QTreeWidgetItem* item = tree_->topLevelItem(i);
    const std::string name = item->data(kName, kNameRole).toString().toStdString();
    const auto problem = problems_.find(name);
    const bool runs = problem == problems_.end() || problem->second.empty();
    if (item->checkState(kName) == Qt::Checked && runs) mechanisms.push_back(text_of(name));
  }
  if (mechanisms.empty()) mechanisms.emplace_back();
  return mechanisms;
}

void MechanismList::set_checked(const std::vector<std::string>& mechanisms) {
  updating_ = true;
  given_.clear();
  for (int i = 0; i < tree_->topLevelItemCount(); ++i) tree_->topLevelItem(i)->setCheckState(kName, Qt::Unchecked);
  for (const std::string& text : mechanisms) {
    QTreeWidgetItem* item = text.empty() ? nullptr : item_of(text);
    if (!item) continue;
    item->setCheckState(kName, Qt::Checked);
    const std::string name(models::mechanism_name(text));
    for (const QString& part :
         to_text(text).mid(static_cast<int>(name.size())).split(QLatin1Char(':'), Qt::SkipEmptyParts))
      given_[name][part.section(QLatin1Char('='), 0, 0).toStdString()] =
          part.section(QLatin1Char('='), 1).toStdString();
  }
  updating_ = false;
  set_spec(spec_);
  Q_EMIT changed();
}

void MechanismList::show_result(const std::string& mechanism, const RunResult& result, const RunResult* before) {
  QTreeWidgetItem* item = item_of(mechanism);
  if (!item) return;
  updating_ = true;
  const bool known = result.kind != RunResult::Kind::failed;
  item->setText(kPeak, !known          ? tr("failed")
                       : result.fits() ? size_text(result.allocated_bytes)
                                       : tr("✕ does not fit"));
  item->setToolTip(kPeak, result.fits() ? exact_text(result.allocated_bytes) : to_text(result.message));
  item->setForeground(kPeak, result.fits() ? theme().ink : theme().bad);
  const bool comparable = result.fits() && before && before->fits();
  const std::int64_t difference = comparable ? result.allocated_bytes - before->allocated_bytes : 0;
  item->setText(kDifference, comparable ? signed_size(difference) : QString());
  item->setToolTip(kDifference, comparable ? exact_text(difference) : QString());
  item->setForeground(kDifference, difference < 0 ? theme().good : difference > 0 ? theme().bad : theme().soft);
  updating_ = false;
}

void MechanismList::show_busy(const std::string& mechanism) {
  if (QTreeWidgetItem* item = item_of(mechanism)) item->setText(kPeak, tr("…"));
}

void MechanismList::clear_results() {
  for (int i = 0; i < tree_->topLevelItemCount(); ++i)
    for (const int column : {kPeak, kDifference}) tree_->topLevelItem(i)->setText(column, QString());
}

QWidget* MechanismList::option_input(const std::string& name, std::size_t index) {
  const models::MechanismOption& option = models::attention_mechanism(name).options[index];
  const std::string key(option.name);
  const auto take = [this, name, key](const QString& value) {
    value.isEmpty() ? static_cast<void>(given_[name].erase(key))
                    : static_cast<void>(given_[name][key] = value.toStdString());
    updating_ = true;
    if (QTreeWidgetItem* item = item_of(name)) update_item(item);
    updating_ = false;
    note_->setText(to_text(problems_[name]));
    Q_EMIT changed();
  };
  const auto mechanism = given_.find(name);
  const QString now =
      mechanism != given_.end() && mechanism->second.contains(key) ? to_text(mechanism->second.at(key)) : QString();
  return make_option_input(option, now, fallback_text(option, spec_), take);
}

// Of the mechanism that is looked at: why it cannot run, and its options.
void MechanismList::edit_options() {
  const QTreeWidgetItem* item = tree_->currentItem();
  const std::string name = item ? item->data(kName, kNameRole).toString().toStdString() : "";
  note_->setText(to_text(problems_[name]));
  note_->setStyleSheet(QStringLiteral("color: %1").arg(theme().bad.name()));
  if (options_->property("of") == to_text(name) && !name.empty()) return;  // the one being typed into stays
  options_->setProperty("of", to_text(name));
  qDeleteAll(options_->findChildren<QWidget*>(QString(), Qt::FindDirectChildrenOnly));
  delete options_->layout();
  option_rows_ = new QFormLayout(options_);
  option_rows_->setContentsMargins(0, 0, 0, 0);
  if (name.empty()) return;
  const auto& options = models::attention_mechanism(name).options;
  for (std::size_t i = 0; i < options.size(); ++i) {
    QWidget* input = option_input(name, i);
    input->setAccessibleName(tr("%1 of %2").arg(to_text(options[i].name), to_text(name)));
    option_rows_->addRow(to_text(options[i].name), input);
  }
}

}  // namespace headroom::gui
