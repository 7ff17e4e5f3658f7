#include "gui/running/model_list.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTreeWidget>
#include <QVBoxLayout>
#include <map>

#include "gui/views/padded_delegate.h"
#include "gui/views/row_copy.h"
#include "gui/views/text.h"
#include "gui/window/theme.h"
#include "models/catalog/attention.h"
#include "models/catalog/config.h"

namespace headroom::gui {
namespace {

constexpr int kModelRole = Qt::UserRole;

QString parameters_text(std::int64_t count) {
  const auto value = static_cast<double>(count);
  if (value < 1e9) return QStringLiteral("%1 M").arg(value / 1e6, 0, 'f', value < 1e8 ? 1 : 0);
  return QStringLiteral("%1 B").arg(value / 1e9, 0, 'f', value < 1e11 ? 1 : 0);
}

struct Family {
  const char* title;
  std::vector<const char*> prefixes;
};

const std::vector<Family>& families() {
  static const std::vector<Family> all{
      {QT_TRANSLATE_NOOP("Family", "BERT and its kin"),
       {"bert", "tinybert", "distilbert", "roberta", "distilroberta", "xlm", "electra", "albert", "edgebert",
        "mobilebert"}},
      {QT_TRANSLATE_NOOP("Family", "Other encoders"), {"fnet", "longformer", "bigbird", "canine", "hashformer"}},
      {QT_TRANSLATE_NOOP("Family", "GPT and OPT"), {"gpt", "distilgpt", "mt-nlg", "opt"}},
      {QT_TRANSLATE_NOOP("Family", "Llama and Mistral"), {"llama", "mistral"}},
      {QT_TRANSLATE_NOOP("Family", "Mixtures of experts"), {"mixtral", "deepseek"}},
      {QT_TRANSLATE_NOOP("Family", "Encoder-decoders"), {"transformer", "bart", "t5", "byt5"}},
      {QT_TRANSLATE_NOOP("Family", "Gopher, Chinchilla, PaLM"), {"gopher", "chinchilla", "palm"}},
      {QT_TRANSLATE_NOOP("Family", "Reformer"), {"reformer"}}};
  return all;
}

}  // namespace

QString family_of(const QString& preset) {
  for (const Family& family : families())
    for (const char* prefix : family.prefixes)
      if (preset.startsWith(QLatin1String(prefix))) return QCoreApplication::translate("Family", family.title);
  return QCoreApplication::translate("Family", "Others");
}

ModelList::ModelList(QWidget* parent)
    : QWidget(parent), search_(new QLineEdit), tree_(new QTreeWidget), problem_(new QLabel), note_(new QLabel) {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  auto* open = new QPushButton(tr("Open a config.json …"));
  layout->addWidget(search_);
  layout->addWidget(tree_, 1);
  layout->addWidget(note_);
  layout->addWidget(problem_);
  layout->addWidget(open);
  search_->setPlaceholderText(tr("Find a model"));
  search_->setClearButtonEnabled(true);
  search_->setAccessibleName(tr("Find a model"));
  search_->installEventFilter(this);
  for (QLabel* label : {problem_, note_}) {
    label->setWordWrap(true);
    label->hide();
  }
  tree_->setColumnCount(2);
  tree_->setHeaderLabels({tr("Model"), tr("Parameters")});
  tree_->header()->setStretchLastSection(false);
  tree_->header()->setSectionResizeMode(0, QHeaderView::Stretch);
  tree_->header()->setSectionResizeMode(1, QHeaderView::ResizeToContents);
  tree_->setAccessibleName(tr("Models"));
  tree_->setItemDelegateForColumn(1, new PaddedDelegate(tree_));
  new RowCopy(tree_);
  tree_->setIndentation(12);
  add_presets();
  connect(search_, &QLineEdit::textChanged, this, &ModelList::filter);
  connect(open, &QPushButton::clicked, this, &ModelList::open_file);
  connect(tree_, &QTreeWidget::currentItemChanged, this, [this](QTreeWidgetItem* item) {
    tell_what_is_hidden();
    if (item && !item->data(0, kModelRole).toString().isEmpty()) Q_EMIT changed();
  });
}

void ModelList::add_presets() {
  const int row_height = fontMetrics().height() + 7;
  std::map<QString, QTreeWidgetItem*> parents;
  for (const models::Preset& preset : models::presets()) {
    const QString name = to_text(preset.name), family = family_of(name);
    QTreeWidgetItem*& parent = parents[family];
    if (!parent) {
      parent = new QTreeWidgetItem(tree_, {family});
      parent->setFlags(Qt::ItemIsEnabled);
      parent->setFirstColumnSpanned(true);
      parent->setSizeHint(0, {0, row_height});
    }
    const std::int64_t count = models::parameter_count(preset.config);
    auto* item = new QTreeWidgetItem(parent, {name, parameters_text(count)});
    item->setData(0, kModelRole, name);
    item->setSizeHint(0, {0, row_height});
    item->setTextAlignment(1, Qt::AlignRight | Qt::AlignVCenter);
    item->setToolTip(0, to_text(preset.description));
    item->setToolTip(1, tr("%1 parameters").arg(count_text(count)));
  }
  tree_->expandAll();
}

QTreeWidgetItem* ModelList::item_of(const QString& model) const {
  for (int i = 0; i < tree_->topLevelItemCount(); ++i)
    for (int k = 0; k < tree_->topLevelItem(i)->childCount(); ++k)
      if (QTreeWidgetItem* item = tree_->topLevelItem(i)->child(k); item->data(0, kModelRole).toString() == model)
        return item;
  return nullptr;
}

QString ModelList::model() const {
  const QTreeWidgetItem* item = tree_->currentItem();
  return item ? item->data(0, kModelRole).toString() : QString();
}

void ModelList::set_model(const QString& model) {
  if (model.isEmpty()) return;
  QTreeWidgetItem* item = item_of(model);
  if (!item) {
    if (!files_) {
      files_ = new QTreeWidgetItem(QStringList(tr("Files")));
      tree_->insertTopLevelItem(0, files_);
      files_->setFlags(Qt::ItemIsEnabled);
    }
    const QFileInfo file(model);
    item = new QTreeWidgetItem(files_, {file.dir().dirName() + QLatin1Char('/') + file.fileName()});
    item->setData(0, kModelRole, model);
    item->setToolTip(0, model);
    files_->setExpanded(true);
  }
  tree_->setCurrentItem(item);
  tree_->scrollToItem(item, QAbstractItemView::PositionAtCenter);
}

void ModelList::show_problem(const QString& message) {
  problem_->setStyleSheet(QStringLiteral("color: %1").arg(theme().bad.name()));
  problem_->setText(message);
  problem_->setVisible(!message.isEmpty());
  tree_->setAccessibleDescription(message);
}

// Every word is looked for in name, family and description.
void ModelList::filter(const QString& text) {
  const QStringList words = text.split(QLatin1Char(' '), Qt::SkipEmptyParts);
  for (int i = 0; i < tree_->topLevelItemCount(); ++i) {
    QTreeWidgetItem* family = tree_->topLevelItem(i);
    int shown = 0;
    for (int k = 0; k < family->childCount(); ++k) {
      QTreeWidgetItem* item = family->child(k);
      const QString all = item->text(0) + QLatin1Char(' ') + family->text(0) + QLatin1Char(' ') + item->toolTip(0);
      const bool fits = std::all_of(words.begin(), words.end(),
                                    [&](const QString& word) { return all.contains(word, Qt::CaseInsensitive); });
      item->setHidden(!fits);
      shown += fits ? 1 : 0;
    }
    family->setHidden(shown == 0);
  }
  tell_what_is_hidden();
}

// What is typed finds, and chooses nothing.
void ModelList::tell_what_is_hidden() {
  QStringList lines;
  bool any = false;
  for (int i = 0; i < tree_->topLevelItemCount(); ++i) any |= !tree_->topLevelItem(i)->isHidden();
  if (!any) lines.append(tr("No model has “%1” in its name or description.").arg(search_->text()));
  const QTreeWidgetItem* chosen = tree_->currentItem();
  if (!model().isEmpty() && (chosen->isHidden() || chosen->parent()->isHidden()))
    lines.append(tr("Still chosen: %1").arg(chosen->text(0)));
  note_->setText(lines.join(QLatin1Char('\n')));
  note_->setVisible(!lines.isEmpty());
}

// Arrow keys in the search field move in the list.
bool ModelList::eventFilter(QObject* watched, QEvent* event) {
  if (watched == search_ && event->type() == QEvent::KeyPress) {
    const int key = static_cast<QKeyEvent*>(event)->key();
    if (key == Qt::Key_Down || key == Qt::Key_Up || key == Qt::Key_PageDown || key == Qt::Key_PageUp) {
      QCoreApplication::sendEvent(tree_, event);
      return true;
    }
  }
  return QWidget::eventFilter(watched, event);
}

void ModelList::open_file() {
  const QString path = QFileDialog::getOpenFileName(this, tr("A Hugging Face config.json"), QString(),
                                                    tr("Model configuration (*.json);;All files (*)"));
  if (!path.isEmpty()) set_model(path);
}

}  // namespace headroom::gui
