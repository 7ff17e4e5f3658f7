// Compression as fields: what the command line takes, and back.
#include "gui/running/compression_editor.h"

#include <gmock/gmock.h>

#include <QComboBox>
#include <QLineEdit>
#include <QSignalSpy>
#include <QTest>
#include <QToolButton>

#include "gui/views/text.h"
#include "models/catalog/compression.h"
#include "tests/gui/support.h"

namespace headroom::gui {
namespace {

using testing::HasSubstr;

RunSpec bert() { return RunSpec{.model = "bert-base", .batch = 8}; }

TEST(CompressionEditor, GivesBackEveryTextOfTheCatalogue) {
  CompressionEditor editor;
  for (const char* text : {"", "int8", "int4:group=64", "int4:group=64+lora:rank=4:layers=all", "prune:format=2:4",
                           "prune:format=2:4:layers=ffn+int8:layers=attention", "lora:merged=yes:alpha=32"}) {
    editor.set_text(text);
    EXPECT_EQ(editor.text(), text);
  }
}

TEST(CompressionEditor, KeepsWhatItDoesNotKnow) {
  CompressionEditor editor;
  for (const char* text : {"int3", "int3:bits=3", "int4:odd=1", "int4:group", "int8+odd:a=b+lora"}) {
    editor.set_text(text);
    EXPECT_EQ(editor.text(), text);
  }
}

TEST(CompressionEditor, HasEveryMethodWithAllItsOptions) {
  CompressionEditor editor;
  editor.set_spec(bert());
  for (const models::CompressionMethod& method : models::compression_methods()) {
    editor.method_box(0)->setCurrentText(to_text(method.name));
    EXPECT_EQ(editor.text(), method.name);
    for (const models::MechanismOption& option : method.options) {
      const QWidget* input = editor.option_input(0, std::string(option.name));
      ASSERT_TRUE(input) << option.name;
      EXPECT_FALSE(input->accessibleName().isEmpty());
      EXPECT_THAT(input->toolTip().toStdString(), HasSubstr(std::string(option.meaning)));
    }
  }
}

TEST(CompressionEditor, CombinesMethodsAndSaysWhatHoldsWhereNothingIsGiven) {
  CompressionEditor editor;
  editor.set_spec(bert());
  QSignalSpy changed(&editor, &CompressionEditor::changed);
  EXPECT_TRUE(editor.add_button()->isHidden());
  editor.method_box(0)->setCurrentText(QStringLiteral("int4"));
  auto* group = qobject_cast<QLineEdit*>(editor.option_input(0, "group"));
  EXPECT_EQ(group->placeholderText(), QStringLiteral("default: 128"));
  group->setText(QStringLiteral("64"));
  editor.add_button()->click();
  EXPECT_EQ(editor.text(), "int4:group=64");  // the second is none yet
  editor.method_box(1)->setCurrentText(QStringLiteral("lora"));
  qobject_cast<QComboBox*>(editor.option_input(1, "layers"))->setCurrentText(QStringLiteral("all"));
  EXPECT_EQ(editor.text(), "int4:group=64+lora:layers=all");
  editor.remove_button(0)->click();
  EXPECT_EQ(editor.text(), "lora:layers=all");
  EXPECT_EQ(editor.method_count(), 1);
  EXPECT_GE(changed.count(), 5);
  editor.method_box(0)->setCurrentIndex(0);
  EXPECT_EQ(editor.text(), "");
}

TEST(CompressionEditor, WhatOneOptionMeansForAnotherIsItsDefault) {
  CompressionEditor editor;
  editor.set_spec(bert());
  editor.set_text("prune");
  const auto sparsity = [&] { return qobject_cast<QLineEdit*>(editor.option_input(0, "sparsity"))->placeholderText(); };
  const QString before = sparsity();
  qobject_cast<QComboBox*>(editor.option_input(0, "format"))->setCurrentText(QStringLiteral("2:4"));
  EXPECT_EQ(editor.text(), "prune:format=2:4");
  EXPECT_EQ(sparsity(), QStringLiteral("default: 0.5"));
  EXPECT_NE(before, sparsity());
}

}  // namespace
}  // namespace headroom::gui
