// Choosing a run: what is checked, what is remembered, what is estimated.
#include "gui/running/run_dialog.h"

#include <gmock/gmock.h>

#include <QCheckBox>
#include <QComboBox>
#include <QDropEvent>
#include <QLabel>
#include <QLineEdit>
#include <QMimeData>
#include <QPushButton>
#include <QSettings>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTest>
#include <QTreeWidget>

#include "gui/running/compression_editor.h"
#include "gui/running/estimate_panel.h"
#include "gui/running/model_list.h"
#include "gui/running/program_dialog.h"
#include "gui/running/run_queue.h"
#include "gui/views/text.h"
#include "models/catalog/attention.h"
#include "models/catalog/config.h"
#include "tests/gui/fake_headroom.h"
#include "tests/gui/support.h"

namespace headroom::gui {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

RunSpec bert() { return RunSpec{.model = "bert-base", .batch = 8}; }

QString shown_labels(const QWidget& widget) {
  QStringList texts;
  for (const QLabel* label : widget.findChildren<QLabel*>())
    if (!label->isHidden()) texts.append(label->text());
  return texts.join('\n');
}

TEST(ModelList, SaysWhatIsStillChosenWhereTheSearchHidesIt) {
  ModelList models;
  models.set_model("gpt2");
  auto* search = models.findChild<QLineEdit*>();
  search->setText("gpt2 no such");
  EXPECT_THAT(shown_labels(models).toStdString(), HasSubstr("No model has “gpt2 no such”"));
  EXPECT_THAT(shown_labels(models).toStdString(), HasSubstr("Still chosen: gpt2"));
  search->setText("bert");
  EXPECT_THAT(shown_labels(models).toStdString(), testing::Not(HasSubstr("No model has")));
  EXPECT_THAT(shown_labels(models).toStdString(), HasSubstr("Still chosen: gpt2"));
  search->clear();
  EXPECT_THAT(shown_labels(models).toStdString(), testing::Not(HasSubstr("Still chosen")));
}

TEST(SpecCheck, SaysWhatTheCommandLineSaysAndAtWhichField) {
  struct Case {
    std::function<void(RunSpec&)> change;
    const char *field, *message;
  };
  const Case cases[] = {
      {[](RunSpec& s) { s.model = "brt-base"; }, "MODEL", "did you mean 'bert-base'"},
      {[](RunSpec& s) { s.batch = 0; }, "--batch", "--batch is 0, expected a whole number from 1"},
      {[](RunSpec& s) { s.seq = 4096; }, "--seq", "4096"},
      {[](RunSpec& s) { s.momentum = 0.9; }, "--momentum", "--momentum is of --optimizer sgd"},
      {[](RunSpec& s) { s.compression = "int3"; }, "--compress", "int3"},
      {[](RunSpec& s) { s.capacity_factor = 2; }, "--capacity-factor", "has none"},
      {[](RunSpec& s) { s.virtual_options.reserve_bytes = std::int64_t{1} << 50; }, "--reserve", "expected less than"},
      {[](RunSpec& s) { s.dropout = 2; }, "--dropout", "expected a number from 0 to 1"},
  };
  EXPECT_FALSE(check_spec(bert()));
  for (const Case& c : cases) {
    RunSpec spec = bert();
    c.change(spec);
    const auto problem = check_spec(spec);
    ASSERT_TRUE(problem) << c.field;
    EXPECT_EQ(problem->field, c.field);
    EXPECT_THAT(problem->message, HasSubstr(c.message));
  }
}

TEST(SpecCheck, EveryPresetIsSound) {
  for (const models::Preset& preset : models::presets()) {
    RunSpec spec{.model = std::string(preset.name), .seq = 128};
    if (check_spec(spec)) spec.seq = preset.config.max_positions;  // Reformer's have one length
    EXPECT_EQ(mechanism_problem(spec, ""), "") << preset.name;
  }
}

TEST(SpecCheck, AMechanismThatIsUndefinedForTheModelSaysWhy) {
  RunSpec spec = bert();
  EXPECT_EQ(mechanism_problem(spec, "mqa"), "");
  EXPECT_NE(mechanism_problem(spec, "mqaa"), "");
  EXPECT_NE(mechanism_problem(spec, "mqa:odd=1"), "");
}

TEST(SpecCheck, AMessageNamesItsField) {
  const std::vector<std::string> fields{"--seq", "--sdpa", "--batch"};
  EXPECT_EQ(field_named_in("--batch x --seq is too much", fields), "--batch");
  EXPECT_EQ(field_named_in("use --sdpa eager", fields), "--sdpa");
  EXPECT_EQ(field_named_in("--sequence", fields), "");
}

TEST(SpecForm, GivesBackEverySetting) {
  SpecForm form;
  RunSpec spec = bert();
  spec.batch = 3;
  spec.seq = 77;
  spec.dtype = Dtype::amp_bf16;
  spec.optimizer = Optimizer::sgd;
  spec.optimizer_implementation = OptimizerImplementation::fused;
  spec.momentum = 0.9;
  spec.checkpoint = Checkpoint::block;
  spec.accumulate = 4;
  spec.clip = 1.5;
  spec.loss_chunk = 64;
  spec.sdpa = Sdpa::flash;
  spec.dropout = 0.25;
  spec.steps = 5;
  spec.seed = 42;
  spec.padding = true;
  spec.positions = "rope";
  spec.compression = "int8";
  spec.device = "virtual:a100-40gb";
  spec.virtual_options = {std::int64_t{600} << 20, "shuffled:3", VirtualEvents::delayed, true};
  spec.trace = TraceLevel::memory;
  spec.require_cupti = true;
  form.load(spec);
  RunSpec back{.model = spec.model};
  EXPECT_FALSE(form.store(back));
  EXPECT_EQ(to_json(back).dump(), to_json(spec).dump());
}

TEST(SpecForm, GivesBackWhatIsGenerated) {
  SpecForm form;
  RunSpec spec = bert();
  spec.mode = Mode::generate;
  spec.generation = {
      .new_tokens = 5, .beams = 2, .cache = CacheKind::paged, .cache_dtype = CacheDtype::int8, .page = 8};
  form.load(spec);
  RunSpec back{.model = spec.model};
  EXPECT_FALSE(form.store(back));
  EXPECT_EQ(to_json(back).dump(), to_json(spec).dump());
}

TEST(SpecForm, OpensMoreSettingsWhereTheySaySomething) {
  SpecForm form;
  form.load(bert());
  EXPECT_FALSE(form.input("--compress")->isVisibleTo(&form));
  RunSpec spec = bert();
  spec.compression = "int8";
  form.load(spec);
  EXPECT_TRUE(form.input("--compress")->isVisibleTo(&form));
}

TEST(SpecForm, FieldsOfAnotherModeAreHiddenAndKeepTheirDefaults) {
  SpecForm form;
  RunSpec spec = bert();
  spec.accumulate = 4;
  form.load(spec);
  EXPECT_FALSE(form.input("--optimizer")->isHidden());
  EXPECT_TRUE(form.input("--new-tokens")->isHidden());
  qobject_cast<QComboBox*>(form.input("--mode"))->setCurrentText(QStringLiteral("generate"));
  EXPECT_TRUE(form.input("--optimizer")->isHidden());
  EXPECT_FALSE(form.input("--new-tokens")->isHidden());
  RunSpec back{.model = "gpt2"};
  EXPECT_FALSE(form.store(back));
  EXPECT_EQ(back.accumulate, 1);
  EXPECT_FALSE(check_spec(back));
}

TEST(SpecForm, TextThatIsNoNumberIsAProblemOfItsField) {
  SpecForm form;
  qobject_cast<QLineEdit*>(form.input("--dropout"))->setText(QStringLiteral("many"));
  RunSpec spec;
  const auto problem = form.store(spec);
  ASSERT_TRUE(problem);
  EXPECT_EQ(problem->field, "--dropout");
  EXPECT_EQ(problem->message, "--dropout is 'many', expected a number");
}

TEST(SpecForm, EveryFieldHasANameAndAMeaning) {
  SpecForm form;
  for (const std::string& flag : form.flags()) {
    EXPECT_FALSE(form.input(flag)->accessibleName().isEmpty()) << flag;
    EXPECT_THAT(form.input(flag)->toolTip().toStdString(), HasSubstr(flag));
  }
}

TEST(ModelList, HasEveryPresetInAFamily) {
  ModelList list;
  for (const models::Preset& preset : models::presets()) {
    EXPECT_NE(family_of(to_text(preset.name)), QStringLiteral("Others")) << preset.name;
    list.set_model(to_text(preset.name));
    EXPECT_EQ(list.model(), to_text(preset.name));
  }
}

TEST(ModelList, IsFilteredByEveryWord) {
  ModelList list;
  list.findChild<QLineEdit*>()->setText(QStringLiteral("gpt xl"));
  QStringList shown;
  const auto* tree = list.findChild<QTreeWidget*>();
  for (int i = 0; i < tree->topLevelItemCount(); ++i)
    for (int k = 0; k < tree->topLevelItem(i)->childCount(); ++k)
      if (!tree->topLevelItem(i)->isHidden() && !tree->topLevelItem(i)->child(k)->isHidden())
        shown.append(tree->topLevelItem(i)->child(k)->text(0));
  EXPECT_TRUE(shown.contains(QStringLiteral("gpt2-xl")));
  EXPECT_FALSE(shown.contains(QStringLiteral("gpt2")));
  EXPECT_FALSE(shown.contains(QStringLiteral("bert-base")));
}

TEST(ModelList, TakesAFile) {
  ModelList list;
  QSignalSpy changed(&list, &ModelList::changed);
  list.set_model(QStringLiteral("/models/mine/config.json"));
  EXPECT_EQ(list.model(), QStringLiteral("/models/mine/config.json"));
  EXPECT_GE(changed.count(), 1);
}

QTreeWidgetItem* item_of(const MechanismList& list, const QString& name) {
  for (int i = 0; i < list.tree()->topLevelItemCount(); ++i)
    if (list.tree()->topLevelItem(i)->text(0).section(QLatin1Char(':'), 0, 0) == name)
      return list.tree()->topLevelItem(i);
  return nullptr;
}

TEST(MechanismList, WhatIsUndefinedForTheModelIsDisabledWithItsReason) {
  MechanismList list;
  RunSpec spec = bert();
  spec.model = "gpt2";
  list.set_spec(spec);
  int disabled = 0;
  for (const models::AttentionMechanism& mechanism : models::attention_mechanisms()) {
    const QTreeWidgetItem* item = item_of(list, to_text(mechanism.name));
    const std::string problem = mechanism_problem(spec, std::string(mechanism.name));
    EXPECT_EQ(item->isDisabled(), !problem.empty()) << mechanism.name;
    if (problem.empty()) continue;
    EXPECT_EQ(item->toolTip(0).toStdString(), problem);
    ++disabled;
  }
  EXPECT_GT(disabled, 0);
}

TEST(MechanismList, GivesWhatIsCheckedWithItsOptions) {
  MechanismList list;
  list.set_spec(bert());
  EXPECT_THAT(list.checked(), ElementsAre(""));
  const auto& mechanisms = models::attention_mechanisms();
  const auto with_options = std::find_if(mechanisms.begin(), mechanisms.end(), [](const auto& m) {
    return !m.options.empty() && m.options.front().values.empty() &&
           mechanism_problem(bert(), std::string(m.name)).empty();
  });
  ASSERT_NE(with_options, mechanisms.end());
  const auto& option = with_options->options.front();
  const std::string text = std::string(with_options->name) + ":" + std::string(option.name) + "=" +
                           std::to_string(option.fallback(models::load_model("bert-base")));
  list.set_checked({"mqa", text});
  EXPECT_THAT(list.checked(), testing::UnorderedElementsAre("mqa", text));
  list.tree()->setCurrentItem(item_of(list, to_text(with_options->name)));
  QWidget* input = nullptr;
  for (QLineEdit* edit : list.findChildren<QLineEdit*>())
    if (edit->accessibleName().startsWith(to_text(option.name))) input = edit;
  ASSERT_NE(input, nullptr);
  qobject_cast<QLineEdit*>(input)->setText(QStringLiteral("-5"));
  EXPECT_THAT(list.checked(), ElementsAre("mqa"));
  qobject_cast<QLineEdit*>(input)->clear();
  EXPECT_THAT(list.checked(), testing::UnorderedElementsAre("mqa", std::string(with_options->name)));
}

class Dialog : public testing::Test {
 protected:
  Dialog() {
    QSettings().clear();
    dialog_ = std::make_unique<RunDialog>(session_);
  }

  bool wait_for_panel(const QString& text) {
    return wait_until([&] { return dialog_->panel().text().contains(text); });
  }

  FakeHeadroom fake_;
  Session session_;
  std::unique_ptr<RunDialog> dialog_;
};

TEST_F(Dialog, ShowsAtOnceWhatTheRunWouldTake) {
  dialog_->show();
  const QString peak = size_text(result_of(summarize(virtual_recording())).allocated_bytes);
  ASSERT_TRUE(wait_for_panel(peak));
  EXPECT_THAT(dialog_->panel().text().toStdString(), HasSubstr("virtual"));
  EXPECT_THAT(dialog_->panel().text().toStdString(), HasSubstr("✓ fits on NVIDIA H100"));
}

TEST_F(Dialog, SaysThatItDoesNotFit) {
  fake_.set_room(500);
  dialog_->show();
  EXPECT_TRUE(wait_for_panel(QStringLiteral("✕ does not fit")));
  qobject_cast<QSpinBox*>(dialog_->form().input("--batch"))->setValue(1);
  EXPECT_TRUE(wait_for_panel(QStringLiteral("✓ fits")));
}

TEST_F(Dialog, ManyChangesAreOneEstimate) {
  dialog_->show();
  for (int batch = 1; batch < 30; ++batch) qobject_cast<QSpinBox*>(dialog_->form().input("--batch"))->setValue(batch);
  ASSERT_TRUE(wait_for_panel(QStringLiteral("✓ fits")));
  EXPECT_EQ(fake_.calls().size(), 1);
  EXPECT_THAT(fake_.calls().front().toStdString(), HasSubstr("--batch 29"));
}

TEST_F(Dialog, AWrongValueIsMarkedAtItsFieldAndNothingRuns) {
  dialog_->show();
  ASSERT_TRUE(wait_for_panel(QStringLiteral("✓ fits")));
  const auto calls = fake_.calls().size();
  qobject_cast<QSpinBox*>(dialog_->form().input("--seq"))->setValue(100'000);
  EXPECT_FALSE(dialog_->can_run());
  EXPECT_THAT(dialog_->problem().toStdString(), HasSubstr("512"));
  EXPECT_EQ(dialog_->form().input("--seq")->accessibleDescription(), dialog_->problem());
  dialog_->run();
  EXPECT_EQ(queue_of(session_).rowCount(), 0);
  qobject_cast<QSpinBox*>(dialog_->form().input("--seq"))->setValue(64);
  EXPECT_TRUE(dialog_->can_run());
  EXPECT_EQ(dialog_->problem(), QString());
  EXPECT_TRUE(wait_for_panel(QStringLiteral("✓ fits")));
  EXPECT_EQ(fake_.calls().size(), calls + 1);
}

TEST_F(Dialog, WhatTheRunItselfRefusesIsShownAtTheFieldItNames) {
  fake_.act("refuse");
  dialog_->show();
  ASSERT_TRUE(wait_for_panel(QStringLiteral("which nobody wants")));
  EXPECT_THAT(dialog_->form().input("--batch")->accessibleDescription().toStdString(), HasSubstr("which nobody wants"));
}

TEST_F(Dialog, OneRunForEachMechanism) {
  dialog_->show();
  dialog_->mechanisms().set_checked({"mha", "mqa"});
  ASSERT_TRUE(wait_until(
      [&] { return !item_of(dialog_->mechanisms(), QStringLiteral("mqa"))->text(2).isEmpty() && dialog_->can_run(); }));
  EXPECT_EQ(item_of(dialog_->mechanisms(), QStringLiteral("mqa"))->text(2), QStringLiteral("±0"));
  dialog_->run();
  RunQueue& queue = queue_of(session_);
  ASSERT_EQ(queue.rowCount(), 2);
  EXPECT_THAT(shown_labels(*dialog_).toStdString(), HasSubstr(queue.summary().toStdString()))
      << "the queue may be behind the window";
  EXPECT_EQ(queue.item(0).spec.attention, "mha");
  EXPECT_EQ(queue.item(1).spec.attention, "mqa");
  EXPECT_TRUE(wait_until([&] { return queue.count(QueueState::done) == 2; }));
}

TEST_F(Dialog, RemembersTheLastValues) {
  RunSpec spec = bert();
  spec.model = "gpt2";
  spec.seq = 99;
  spec.attention = "mqa";
  dialog_->set_spec(spec);
  dialog_->show();
  QTest::keyClick(dialog_.get(), Qt::Key_Escape);
  EXPECT_TRUE(dialog_->isHidden());
  const RunDialog again(session_);
  EXPECT_EQ(again.spec().model, "gpt2");
  EXPECT_EQ(again.spec().seq, 99);
  EXPECT_EQ(again.spec().attention, "mqa");
}

TEST_F(Dialog, DamagedSettingsAreTheDefaults) {
  for (const char* text : {"", "{", "[]", R"({"model":7})"}) {
    QSettings().setValue(QStringLiteral("running/spec"), QLatin1String(text));
    const RunDialog dialog(session_);
    EXPECT_EQ(dialog.spec().model, "bert-base") << text;
  }
}

TEST_F(Dialog, OfARealDeviceSaysThatTheEstimateIsVirtual) {
  dialog_->show();
  auto* device = qobject_cast<QComboBox*>(dialog_->form().input("--device"));
  device->setCurrentIndex(device->findData(QStringLiteral("cpu")));
  EXPECT_TRUE(wait_for_panel(QStringLiteral("Estimated on a virtual GPU; the run itself is on cpu")));
}

TEST_F(Dialog, WithoutTheProgramSaysWhere) {
  qputenv("HEADROOM_PROGRAM", "/nowhere");
  dialog_->show();
  EXPECT_TRUE(wait_for_panel(QStringLiteral("It should be the path of headroom")));
}

TEST_F(Dialog, WithoutTheProgramLeadsToWhereItIsChosen) {
  QPushButton* choose = nullptr;
  for (QPushButton* button : dialog_->findChildren<QPushButton*>())
    if (button->text() == QStringLiteral("Choose the program…")) choose = button;
  ASSERT_TRUE(choose);
  qputenv("HEADROOM_PROGRAM", "/nowhere");
  dialog_->show();
  ASSERT_TRUE(choose->isVisible());
  choose->click();
  ASSERT_TRUE(dialog_->findChild<ProgramDialog*>());
  qputenv("HEADROOM_PROGRAM", fake_.program().toUtf8());
  queue_of(session_).tell_program_chosen();
  EXPECT_FALSE(choose->isVisible());
  EXPECT_TRUE(wait_for_panel(QStringLiteral("peak allocated, virtual")));
}

TEST_F(Dialog, SaysBelowTheCompressionWhatIsWrongWithIt) {
  dialog_->show();
  dialog_->set_spec(bert());
  auto* editor = qobject_cast<CompressionEditor*>(dialog_->form().input("--compress"));
  ASSERT_TRUE(editor);
  editor->set_text("int4:group=64");
  EXPECT_TRUE(dialog_->can_run()) << dialog_->problem().toStdString();
  qobject_cast<QLineEdit*>(editor->option_input(0, "group"))->setText(QStringLiteral("7"));
  EXPECT_FALSE(dialog_->can_run());
  EXPECT_FALSE(editor->isHidden());
  RunSpec spec = bert();
  spec.compression = "int4:group=7";
  EXPECT_EQ(dialog_->problem().toStdString(), check_spec(spec)->message);
  EXPECT_EQ(editor->accessibleDescription(), dialog_->problem());
  EXPECT_THAT(dialog_->panel().text().toStdString(), HasSubstr(dialog_->problem().toStdString()));
  EXPECT_FALSE(dialog_->mechanisms().tree()->topLevelItem(0)->isDisabled());
  qobject_cast<QLineEdit*>(editor->option_input(0, "group"))->clear();
  EXPECT_TRUE(dialog_->can_run());
  EXPECT_EQ(dialog_->spec().compression, "int4");
}

TEST_F(Dialog, TakesADroppedConfiguration) {
  QMimeData data;
  data.setUrls({QUrl::fromLocalFile(QStringLiteral("/models/mine/config.json"))});
  QDragEnterEvent enter(QPoint(5, 5), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
  QCoreApplication::sendEvent(dialog_.get(), &enter);
  EXPECT_TRUE(enter.isAccepted());
  QDropEvent drop(QPointF(5, 5), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
  QCoreApplication::sendEvent(dialog_.get(), &drop);
  EXPECT_EQ(dialog_->models().model(), QStringLiteral("/models/mine/config.json"));
  EXPECT_FALSE(dialog_->can_run());
}

TEST_F(Dialog, HandsItsSpecToWhatFits) {
  dialog_->set_spec(bert());
  QSignalSpy wanted(&queue_of(session_), &RunQueue::fit_wanted);
  for (QPushButton* button : dialog_->findChildren<QPushButton*>())
    if (button->text() == QStringLiteral("What fits…")) button->click();
  ASSERT_EQ(wanted.count(), 1);
  EXPECT_EQ(wanted.front().front().value<RunSpec>(), dialog_->spec());
}

}  // namespace
}  // namespace headroom::gui
