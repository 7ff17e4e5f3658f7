// The fields themselves, section by section: what each writes into a RunSpec, and when it says anything.
#include <QCheckBox>
#include <QComboBox>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QSpinBox>
#include <limits>

#include "base/error.h"
#include "gui/running/compression_editor.h"
#include "gui/running/spec_form.h"
#include "gui/views/number_marks.h"
#include "gui/views/text.h"
#include "models/catalog/config.h"
#include "virtual_gpu/catalog.h"

namespace headroom::gui {
namespace {

constexpr int kMostSpin = std::numeric_limits<int>::max();

bool always(const RunSpec&) { return true; }
bool of_training(const RunSpec& spec) { return spec.mode == Mode::train; }
bool of_generation(const RunSpec& spec) { return spec.mode == Mode::generate; }
bool not_of_generation(const RunSpec& spec) { return spec.mode != Mode::generate; }
bool of_optimizer(const RunSpec& spec) { return of_training(spec) && spec.optimizer != Optimizer::none; }
bool of_plain_optimizer(const RunSpec& spec) { return of_training(spec) && has_implementations(spec.optimizer); }
bool of_sgd(const RunSpec& spec) { return of_training(spec) && spec.optimizer == Optimizer::sgd; }
bool of_pages(const RunSpec& spec) { return of_generation(spec) && spec.generation.cache == CacheKind::paged; }
bool of_virtual_device(const RunSpec& spec) { return spec.device.starts_with("virtual:"); }
bool of_gpu(const RunSpec& spec) { return spec.device != "cpu"; }
bool of_real_gpu(const RunSpec& spec) { return spec.device.starts_with("cuda"); }
bool of_tracing(const RunSpec& spec) { return of_gpu(spec) && trace_level(spec) != TraceLevel::none; }

double number_in(const char* flag, const QString& text) {
  bool ok = false;
  const double number = typed_number(text).toDouble(&ok);
  if (!ok) throw bad_input(std::string(flag) + " is '" + text.toStdString() + "', expected a number");
  return number;
}

// "600 MiB", "1.5GiB", bytes.
std::int64_t size_in(const char* flag, const QString& text) {
  const std::pair<const char*, double> units[] = {{"kib", 1024.0}, {"mib", 1048576.0}, {"gib", 1073741824.0}, {"b", 1}};
  QString digits = typed_number(text).toLower();
  double factor = 1;
  for (const auto& [unit, size] : units)
    if (digits.endsWith(QLatin1String(unit))) {
      digits.chop(static_cast<int>(qstrlen(unit)));
      factor = size;
      break;
    }
  bool ok = false;
  const double number = digits.trimmed().toDouble(&ok) * factor;
  if (!ok || number < 0 || number > 9e18)
    throw bad_input(std::string(flag) + " is '" + text.toStdString() + "', expected a size such as 600MiB or 1.5GiB");
  return static_cast<std::int64_t>(number);
}

QString short_name(const virtual_gpu::DeviceModel& device) {
  return to_text(device.product).remove(QLatin1String("NVIDIA "));
}

bool has_real_gpu() { return QFile::exists(QStringLiteral("/dev/nvidiactl")); }

}  // namespace

template <class T>
void SpecForm::add_count(const Words& words, T member, std::int64_t low, std::int64_t high, const Applies& applies) {
  auto* spin = new QSpinBox;
  spin->setRange(static_cast<int>(low), static_cast<int>(std::min<std::int64_t>(high, kMostSpin)));
  spin->setGroupSeparatorShown(true);
  spin->setKeyboardTracking(true);
  Field& field = add(words, spin, applies);
  field.store = [spin, member](RunSpec& spec) { member(spec) = spin->value(); };
  field.load = [spin, member](const RunSpec& spec) {
    RunSpec copy = spec;
    spin->setValue(static_cast<int>(std::min<std::int64_t>(member(copy), kMostSpin)));
  };
  connect(spin, &QSpinBox::valueChanged, this, &SpecForm::follow_mode);
}

template <class T, class Names>
void SpecForm::add_choice(const Words& words, T member, const Names& names, const Applies& applies) {
  auto* box = new QComboBox;
  for (const auto& row : names) box->addItem(to_text(row.name));
  Field& field = add(words, box, applies);
  field.store = [box, member, names](RunSpec& spec) {
    member(spec) = names[static_cast<std::size_t>(std::max(0, box->currentIndex()))].value;
  };
  field.load = [box, member, names](const RunSpec& spec) {
    RunSpec copy = spec;
    box->setCurrentText(to_text(to_name(names, member(copy))));
  };
  connect(box, &QComboBox::currentIndexChanged, this, &SpecForm::follow_mode);
}

template <class T>
void SpecForm::add_text(const Words& words, T member, const QString& placeholder, const Applies& applies) {
  auto* edit = new QLineEdit;
  edit->setPlaceholderText(placeholder);
  Field& field = add(words, edit, applies);
  field.store = [edit, member](RunSpec& spec) { member(spec) = edit->text().trimmed().toStdString(); };
  field.load = [edit, member](const RunSpec& spec) {
    RunSpec copy = spec;
    edit->setText(to_text(member(copy)));
  };
  connect(edit, &QLineEdit::textChanged, this, &SpecForm::follow_mode);
}

template <class T>
void SpecForm::add_number(const Words& words, T member, const QString& placeholder, const Applies& applies) {
  auto* edit = new QLineEdit;
  edit->setPlaceholderText(placeholder);
  Field& field = add(words, edit, applies);
  field.store = [edit, member, flag = words.flag](RunSpec& spec) {
    if (!edit->text().trimmed().isEmpty()) member(spec) = number_in(flag, edit->text());
  };
  field.load = [edit, member](const RunSpec& spec) {
    RunSpec copy = spec;
    const std::optional<double> value = member(copy);
    edit->setText(value && *value != 0 ? QString::number(*value) : QString());
  };
  connect(edit, &QLineEdit::textChanged, this, &SpecForm::follow_mode);
}

template <class T>
void SpecForm::add_switch(const Words& words, T member, const Applies& applies) {
  auto* box = new QCheckBox(words.title);
  Field& field = add(words, box, applies, false);
  field.store = [box, member](RunSpec& spec) { member(spec) = box->isChecked(); };
  field.load = [box, member](const RunSpec& spec) {
    RunSpec copy = spec;
    box->setChecked(member(copy));
  };
  connect(box, &QCheckBox::toggled, this, &SpecForm::follow_mode);
}

void SpecForm::add_shape() {
  add_section(tr("What a step does"));
  add_choice(
      {"--mode", tr("Mode"), tr("What a step does: train, a forward pass alone, or generate text")},
      [](RunSpec& s) -> Mode& { return s.mode; }, kModeNames, always);
  add_count(
      {"--batch", tr("Batch"), tr("Sequences per step, or per micro-batch of it")},
      [](RunSpec& s) -> std::int64_t& { return s.batch; }, 1, kMaxTokensPerStep, always);
  add_count(
      {"--seq", tr("Sequence length"), tr("Tokens per sequence; in generation those of the prompt")},
      [](RunSpec& s) -> std::int64_t& { return s.seq; }, 1, kMaxTokensPerStep, always);
  add_choice(
      {"--dtype", tr("Numbers"), tr("amp-* means fp32 parameters under autocast")},
      [](RunSpec& s) -> Dtype& { return s.dtype; }, kDtypeNames, always);
  add_choice(
      {"--sdpa", tr("Attention kernels"),
       tr("Separate operators (eager), or one back end of scaled_dot_product_attention")},
      [](RunSpec& s) -> Sdpa& { return s.sdpa; }, kSdpaNames, always);
}

void SpecForm::add_training() {
  add_section(tr("Training"));
  add_choice(
      {"--optimizer", tr("Optimizer"), tr("What updates the parameters")},
      [](RunSpec& s) -> Optimizer& { return s.optimizer; }, kOptimizerNames, of_training);
  add_choice(
      {"--optimizer-implementation", tr("Its implementation"), tr("How sgd, adam and adamw step in PyTorch")},
      [](RunSpec& s) -> OptimizerImplementation& { return s.optimizer_implementation; }, kOptimizerImplementationNames,
      of_plain_optimizer);
  add_number(
      {"--momentum", tr("Momentum"), tr("Of sgd, from 0 to below 1")}, [](RunSpec& s) -> double& { return s.momentum; },
      tr("none"), of_sgd);
  add_choice(
      {"--checkpoint", tr("Checkpointing"),
       tr("block: of each block only the input is kept, and the rest is computed again in backward")},
      [](RunSpec& s) -> Checkpoint& { return s.checkpoint; }, kCheckpointNames, of_training);
  add_count(
      {"--accumulate", tr("Micro-batches"), tr("Whose gradients are summed before the optimizer steps")},
      [](RunSpec& s) -> std::int64_t& { return s.accumulate; }, 1, kMaxAccumulate, of_training);
}

void SpecForm::add_generation() {
  add_section(tr("Generation"));
  add_count(
      {"--new-tokens", tr("New tokens"), tr("Of each sequence, after its prompt")},
      [](RunSpec& s) -> std::int64_t& { return s.generation.new_tokens; }, 1, kMaxNewTokens, of_generation);
  add_count(
      {"--beams", tr("Beams"), tr("Kept of each sequence; 1 is greedy")},
      [](RunSpec& s) -> std::int64_t& { return s.generation.beams; }, 1, kMaxBeams, of_generation);
  add_choice(
      {"--cache", tr("KV cache"),
       tr("dynamic: a new block each token; static: room for all tokens at once; paged: page after page")},
      [](RunSpec& s) -> CacheKind& { return s.generation.cache; }, kCacheKindNames, of_generation);
  add_choice(
      {"--cache-dtype", tr("Its numbers"), tr("The model's own, int8 with scales, or fp8")},
      [](RunSpec& s) -> CacheDtype& { return s.generation.cache_dtype; }, kCacheDtypeNames, of_generation);
  add_count(
      {"--page", tr("Tokens of a page"), tr("Of a paged cache")},
      [](RunSpec& s) -> std::int64_t& { return s.generation.page; }, 1, kMaxTokensPerStep, of_pages);
}

void SpecForm::add_device() {
  add_section(tr("Device"));
  add_device_list();
}

void SpecForm::add_device_list() {
  auto* box = new QComboBox;
  for (const virtual_gpu::DeviceModel& device : virtual_gpu::device_catalog())
    box->addItem(tr("%1 · %2 · virtual").arg(short_name(device), size_text(device.total_bytes)),
                 to_text("virtual:" + device.name));
  box->addItem(tr("This machine's processor"), QStringLiteral("cpu"));
  if (has_real_gpu()) box->addItem(tr("This machine's GPU"), QStringLiteral("cuda"));
  box->setMinimumContentsLength(20);
  box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  Field& field =
      add({"--device", tr("Runs on"), tr("A virtual GPU needs none: its memory is address space")}, box, always);
  field.store = [box](RunSpec& spec) { spec.device = box->currentData().toString().toStdString(); };
  field.load = [box](const RunSpec& spec) {
    const QString device = to_text(spec.device);
    if (box->findData(device) < 0) box->addItem(device, device);  // a recording's, cuda:1
    box->setCurrentIndex(box->findData(device));
  };
  connect(box, &QComboBox::currentIndexChanged, this, &SpecForm::follow_mode);
}

void SpecForm::add_model_options() {
  add_section(tr("The model"));
  add_compression();
  add_positions();
  add_number(
      {"--capacity-factor", tr("Room of experts"),
       tr("Of a mixture of experts: tokens that an expert has room for, as a multiple of its share")},
      [](RunSpec& s) -> std::optional<double>& { return s.capacity_factor; }, tr("the model's own"), always);
  add_number(
      {"--dropout", tr("Dropout"), tr("Every dropout rate of the model, from 0 to 1")},
      [](RunSpec& s) -> std::optional<double>& { return s.dropout; }, tr("the model's own"), always);
  add_switch(
      {"--padding", tr("Padding"), tr("Sequences of random lengths, with an attention mask")},
      [](RunSpec& s) -> bool& { return s.padding; }, not_of_generation);
  add_number(
      {"--clip", tr("Clip gradients to"), tr("The most that the norm of all gradients may be")},
      [](RunSpec& s) -> std::optional<double>& { return s.clip; }, tr("not at all"), of_optimizer);
  add_count(
      {"--loss-chunk", tr("Loss in chunks of"), tr("Tokens whose logits exist at once; 0: all of them")},
      [](RunSpec& s) -> std::int64_t& { return s.loss_chunk; }, 0, kMaxTokensPerStep, of_training);
  add_count(
      {"--steps", tr("Steps"), tr("The first has no optimizer state yet")},
      [](RunSpec& s) -> std::int64_t& { return s.steps; }, 1, kMaxSteps, not_of_generation);
  add_count(
      {"--seed", tr("Seed"), tr("Of parameters, inputs and dropout")},
      [](RunSpec& s) -> std::int64_t& { return s.seed; }, 0, kMostSpin, always);
}

void SpecForm::add_compression() {
  compression_ = new CompressionEditor;
  Field& field =
      add({"--compress", tr("Compression"), tr("How weights are made smaller: methods, each with its options")},
          compression_, always);
  field.title->setAlignment(Qt::AlignLeft | Qt::AlignTop);
  field.title->setContentsMargins(0, 4, 0, 0);  // beside the first of its rows
  field.store = [this](RunSpec& spec) { spec.compression = compression_->text(); };
  field.load = [this](const RunSpec& spec) { compression_->set_text(spec.compression); };
  connect(compression_, &CompressionEditor::changed, this, &SpecForm::follow_mode);
}

void SpecForm::add_positions() {
  auto* box = new QComboBox;
  box->addItem(tr("the model's own"), QString());
  for (const auto& row : models::kPositionsNames) box->addItem(to_text(row.name), to_text(row.name));
  Field& field = add({"--positions", tr("Positions"), tr("How the model knows positions")}, box, always);
  field.store = [box](RunSpec& spec) { spec.positions = box->currentData().toString().toStdString(); };
  field.load = [box](const RunSpec& spec) {
    box->setCurrentIndex(std::max(0, box->findData(to_text(spec.positions))));
  };
  connect(box, &QComboBox::currentIndexChanged, this, &SpecForm::follow_mode);
}

void SpecForm::add_virtual_options() {
  add_section(tr("The virtual GPU"));
  add_reserve();
  add_text(
      {"--address-order", tr("Addresses"),
       tr("How its driver hands out addresses: descending, ascending or "
          "shuffled:SEED")},
      [](RunSpec& s) -> std::string& { return s.virtual_options.address_order; }, tr("the device's own"),
      of_virtual_device);
  add_choice(
      {"--events", tr("Its work is done"), tr("At once, or when it is waited for")},
      [](RunSpec& s) -> VirtualEvents& { return s.virtual_options.events; }, kVirtualEventsNames, of_virtual_device);
  add_switch(
      {"--backed", tr("Memory holds what is copied there"), tr("Else it is address space alone")},
      [](RunSpec& s) -> bool& { return s.virtual_options.backed; }, of_virtual_device);
}

void SpecForm::add_reserve() {
  auto* edit = new QLineEdit;
  edit->setPlaceholderText(tr("nothing"));
  Field& field =
      add({"--reserve", tr("Taken by others"), tr("What a context and other processes take: 600MiB, 1.5GiB")}, edit,
          of_virtual_device);
  field.store = [edit](RunSpec& spec) {
    if (!edit->text().trimmed().isEmpty()) spec.virtual_options.reserve_bytes = size_in("--reserve", edit->text());
  };
  field.load = [edit](const RunSpec& spec) {
    const std::int64_t bytes = spec.virtual_options.reserve_bytes;
    edit->setText(bytes == 0               ? QString()
                  : bytes % (1 << 20) == 0 ? QStringLiteral("%1MiB").arg(bytes >> 20)
                                           : QString::number(bytes));
  };
  connect(edit, &QLineEdit::textChanged, this, &SpecForm::follow_mode);
}

void SpecForm::add_tracing() {
  add_section(tr("Tracing"));
  add_trace();
  add_switch(
      {"--require-cupti", tr("Fail where nothing can be traced"), tr("Where CUPTI cannot trace, the run fails")},
      [](RunSpec& s) -> bool& { return s.require_cupti; }, of_tracing);
  add_switch(
      {"--counters", tr("Count what layers move"), tr("To and from a real GPU's memory; needs privileges")},
      [](RunSpec& s) -> bool& { return s.counters; }, of_real_gpu);
}

void SpecForm::add_trace() {
  auto* box = new QComboBox;
  box->addItem(tr("as the device has it"), QString());
  for (const auto& row : kTraceLevelNames) box->addItem(to_text(row.name), to_text(row.name));
  Field& field =
      add({"--trace", tr("CUPTI records"), tr("What is recorded beside the allocator: kernels, copies")}, box, of_gpu);
  field.store = [box](RunSpec& spec) {
    if (const std::string name = box->currentData().toString().toStdString(); !name.empty())
      spec.trace = from_name(kTraceLevelNames, "trace level", name);
  };
  field.load = [box](const RunSpec& spec) {
    const QString name = spec.trace ? to_text(to_name(kTraceLevelNames, *spec.trace)) : QString();
    box->setCurrentIndex(std::max(0, box->findData(name)));
  };
  connect(box, &QComboBox::currentIndexChanged, this, &SpecForm::follow_mode);
}

}  // namespace headroom::gui
