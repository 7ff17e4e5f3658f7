#include "gui/running/compression_editor.h"

#include <QComboBox>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>

#include "base/error.h"
#include "gui/running/option_input.h"
#include "gui/running/spec_check.h"
#include "gui/views/text.h"
#include "gui/window/theme.h"
#include "models/catalog/compression.h"
#include "models/catalog/options.h"

namespace headroom::gui {
namespace {

const models::CompressionMethod* known_method(std::string_view name) {
  const auto& methods = models::compression_methods();
  const auto found =
      std::find_if(methods.begin(), methods.end(), [&](const auto& method) { return method.name == name; });
  return found == methods.end() ? nullptr : &*found;
}

// "option=value" of the catalogue at the start of `text`, up to the next colon that is not the value's own
// ("format=2:4"); else up to the next colon, and no option.
std::pair<std::string_view, const models::MechanismOption*> first_part(const models::CompressionMethod& method,
                                                                       std::string_view text) {
  std::string_view part = text.substr(0, text.find(':'));
  for (const models::MechanismOption& option : method.options) {
    const std::string start = std::string(option.name) + "=";
    if (!text.starts_with(start)) continue;
    for (const std::string_view value : option.values)
      if (const std::string whole = start + std::string(value); text == whole || text.starts_with(whole + ":"))
        part = text.substr(0, whole.size());
    return {part, &option};
  }
  return {part, nullptr};
}

// All options of the last method of `text`, with those that others imply; empty where the text is not right.
models::MechanismOptions all_options(const std::string& text, const RunSpec& spec) {
  try {
    return models::with_compression(model_of(spec), text, spec.mode == Mode::train).compression.back().options;
  } catch (const Error&) {
    return {};
  }
}

QString fallback_of(const models::MechanismOption& option, const models::MechanismOptions& all, const RunSpec& spec) {
  if (const auto found = all.find(std::string(option.name)); found != all.end())
    return to_text(models::option_text(option, found->second));
  try {
    return to_text(models::option_text(option, option.fallback(model_of(spec))));
  } catch (const Error&) {
    return {};
  }
}

}  // namespace

CompressionEditor::CompressionEditor(QWidget* parent)
    : QWidget(parent), blocks_(new QVBoxLayout), add_(new QToolButton), written_(new QLabel) {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(4);
  layout->addLayout(blocks_);
  blocks_->setSpacing(4);
  add_->setText(tr("Combine with another"));
  add_->setToolTip(tr("Another method for other weights, or adapters beside packed ones"));
  add_->setAutoRaise(true);
  layout->addWidget(add_, 0, Qt::AlignLeft);
  written_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  written_->setWordWrap(true);
  written_->setToolTip(tr("As the command line takes it"));
  layout->addWidget(written_);
  connect(add_, &QToolButton::clicked, this, [this] {
    add_method({});
    take_change();
    methods_.back().box->setFocus();
  });
  add_method({});
  update_buttons();
}

CompressionEditor::Method CompressionEditor::parse(std::string_view text) {
  Method method{.name = std::string(models::mechanism_name(text))};
  const models::CompressionMethod* known = known_method(method.name);
  text.remove_prefix(std::min(text.size(), method.name.size() + 1));
  while (!text.empty()) {
    const auto [part, option] =
        known ? first_part(*known, text) : std::pair<std::string_view, const models::MechanismOption*>{text, nullptr};
    if (option)
      give(method, std::string(option->name), std::string(part.substr(option->name.size() + 1)));
    else
      method.rest += ":" + std::string(part);
    text.remove_prefix(std::min(text.size(), part.size() + 1));
  }
  return method;
}

std::string CompressionEditor::text_of(const Method& method) {
  std::string text = method.name;
  for (const auto& [option, value] : method.given) text += ":" + option + "=" + value;
  return text + method.rest;
}

void CompressionEditor::give(Method& method, const std::string& option, const std::string& value) {
  const auto found =
      std::find_if(method.given.begin(), method.given.end(), [&](const auto& given) { return given.first == option; });
  if (found == method.given.end()) {
    if (!value.empty()) method.given.emplace_back(option, value);
  } else if (value.empty()) {
    method.given.erase(found);
  } else {
    found->second = value;
  }
}

std::string CompressionEditor::text() const {
  std::string text;
  for (const Method& method : methods_)
    if (const std::string part = text_of(method); !part.empty()) text += (text.empty() ? "" : "+") + part;
  return text;
}

void CompressionEditor::set_text(const std::string& text) {
  for (const Method& method : methods_) delete method.block;
  methods_.clear();
  std::size_t begin = 0;
  do {
    const std::size_t end = std::min(text.size(), text.find('+', begin));
    add_method(parse(std::string_view(text).substr(begin, end - begin)));
    begin = end + 1;
  } while (begin < text.size());
  take_change();
}

void CompressionEditor::set_spec(const RunSpec& spec) {
  spec_ = spec;
  update_fallbacks();
}

void CompressionEditor::add_method(Method method) {
  methods_.push_back(std::move(method));
  make_block(methods_.back());
  make_options(methods_.back());
}

void CompressionEditor::make_block(Method& method) {
  method.block = new QWidget;
  auto* column = new QVBoxLayout(method.block);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(4);
  auto* row = new QHBoxLayout;
  method.box = new QComboBox;
  method.box->addItem(tr("none"), QString());
  for (const models::CompressionMethod& known : models::compression_methods()) {
    method.box->addItem(to_text(known.name), to_text(known.name));
    method.box->setItemData(method.box->count() - 1,
                            QStringLiteral("%1\n%2").arg(to_text(known.title), to_text(known.source)), Qt::ToolTipRole);
  }
  const QString name = to_text(method.name);
  if (method.box->findData(name) < 0) method.box->addItem(name, name);
  method.box->setCurrentIndex(method.box->findData(name));
  method.box->setAccessibleName(tr("Method of compression"));
  method.box->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
  method.remove = new QToolButton;
  method.remove->setText(QStringLiteral("✕"));
  method.remove->setAutoRaise(true);
  method.remove->setToolTip(tr("Without this method"));
  method.remove->setAccessibleName(method.remove->toolTip());
  row->addWidget(method.box, 1);
  row->addWidget(method.remove);
  column->addLayout(row);
  method.options = new QFormLayout;
  method.options->setContentsMargins(12, 0, 0, 0);
  method.options->setVerticalSpacing(4);
  method.options->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
  column->addLayout(method.options);
  blocks_->addWidget(method.block);
  connect(method.box, &QComboBox::currentIndexChanged, this, [this, block = method.block, box = method.box] {
    choose(index_of(block), box->currentData().toString().toStdString());
  });
  connect(method.remove, &QToolButton::clicked, this, [this, block = method.block] { remove(index_of(block)); });
}

void CompressionEditor::make_options(Method& method) {
  while (method.options->rowCount() > 0) method.options->removeRow(0);
  method.inputs.clear();
  const models::CompressionMethod* known = known_method(method.name);
  method.box->setToolTip(known ? QStringLiteral("%1\n%2").arg(to_text(known->title), to_text(known->source))
                               : tr("How weights are made smaller"));
  if (!known) return;
  for (const models::MechanismOption& option : known->options) {
    const std::string name(option.name);
    const auto given = std::find_if(method.given.begin(), method.given.end(),
                                    [&](const auto& candidate) { return candidate.first == name; });
    QWidget* input =
        make_option_input(option, given == method.given.end() ? QString() : to_text(given->second), {},
                          [this, name, block = method.block](const QString& value) {
                            give(methods_[static_cast<std::size_t>(index_of(block))], name, value.toStdString());
                            take_change();
                          });
    input->setAccessibleName(tr("%1 of %2").arg(to_text(name), to_text(method.name)));
    input->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
    method.options->addRow(to_text(name), input);
    method.inputs.emplace_back(name, input);
  }
}

void CompressionEditor::choose(int at, const std::string& name) {
  Method& method = methods_[static_cast<std::size_t>(at)];
  method.name = name;
  method.given.clear();
  method.rest.clear();
  make_options(method);
  take_change();
}

void CompressionEditor::remove(int at) {
  methods_[static_cast<std::size_t>(at)].block->deleteLater();
  methods_[static_cast<std::size_t>(at)].block->hide();
  methods_.erase(methods_.begin() + at);
  take_change();
  methods_.back().box->setFocus();
}

int CompressionEditor::index_of(const QWidget* block) const {
  const auto found =
      std::find_if(methods_.begin(), methods_.end(), [&](const Method& method) { return method.block == block; });
  return static_cast<int>(found - methods_.begin());
}

void CompressionEditor::update_fallbacks() {
  for (const Method& method : methods_) {
    const models::CompressionMethod* known = known_method(method.name);
    if (!known) continue;
    const models::MechanismOptions all = all_options(text_of(method), spec_);
    for (std::size_t i = 0; i < method.inputs.size(); ++i)
      set_fallback(method.inputs[i].second, fallback_of(known->options[i], all, spec_));
  }
}

void CompressionEditor::update_buttons() {
  const bool all_named =
      std::none_of(methods_.begin(), methods_.end(), [](const Method& method) { return method.name.empty(); });
  add_->setVisible(all_named);
  for (const Method& method : methods_) method.remove->setVisible(methods_.size() > 1);
  const std::string now = text();
  written_->setVisible(!now.empty());
  written_->setText(QStringLiteral("--compress %1").arg(to_text(now)));
  written_->setStyleSheet(QStringLiteral("color: %1").arg(theme().soft.name()));
}

void CompressionEditor::take_change() {
  update_fallbacks();
  update_buttons();
  Q_EMIT changed();
}

QComboBox* CompressionEditor::method_box(int method) const { return methods_[static_cast<std::size_t>(method)].box; }
QToolButton* CompressionEditor::remove_button(int method) const {
  return methods_[static_cast<std::size_t>(method)].remove;
}

QWidget* CompressionEditor::option_input(int method, const std::string& option) const {
  for (const auto& [name, input] : methods_[static_cast<std::size_t>(method)].inputs)
    if (name == option) return input;
  return nullptr;
}

}  // namespace headroom::gui
