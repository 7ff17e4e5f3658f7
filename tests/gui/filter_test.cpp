// The filter bar and the details.
#include <gmock/gmock.h>

#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QTest>
#include <QToolButton>

#include "gui/items/descriptions.h"
#include "gui/views/text.h"
#include "gui/window/details.h"
#include "gui/window/filter_bar.h"
#include "gui/window/theme.h"
#include "reports/summary.h"
#include "tests/gui/small_run.h"

namespace headroom::gui {
namespace {

class Bar : public WithSmallRun {
 protected:
  Bar() : bar(session, nullptr) { bar.show(); }
  QLineEdit* field(const QString& name) {
    for (auto* edit : bar.findChildren<QLineEdit*>())
      if (edit->accessibleName() == name) return edit;
    return nullptr;
  }
  bool settle_bar() {
    return wait_until([this] { return bar.is_settled(); });
  }
  FilterBar bar;
};

TEST_F(Bar, EditsTheFilterOnceTheUserPauses) {
  QTest::keyClicks(field("Filter by text"), "mm");
  EXPECT_EQ(selection().filter().text, "");
  ASSERT_TRUE(settle_bar());
  EXPECT_EQ(selection().filter().text, "mm");
  field("Filter by least size")->setText("16 KiB");
  ASSERT_TRUE(settle_bar());
  EXPECT_EQ(selection().filter().least_bytes, 16384);
}

TEST_F(Bar, SaysWhatIsNoSizeAndKeepsTheFilter) {
  field("Filter by least size")->setText("12 MB");
  ASSERT_TRUE(settle_bar());
  EXPECT_TRUE(selection().filter().shows_everything());
  QString texts;
  for (const QLabel* label : bar.findChildren<QLabel*>())
    if (!label->isHidden()) texts += label->text();
  EXPECT_TRUE(texts.contains("12 MB"));
  EXPECT_TRUE(texts.contains("MiB"));
}

TEST_F(Bar, TogglesCategoriesAndClears) {
  for (auto* button : bar.findChildren<QToolButton*>())
    if (button->text() == "activations") button->click();
  ASSERT_TRUE(settle_bar());
  EXPECT_FALSE(selection().filter().categories[static_cast<std::size_t>(Category::activation)]);
  for (auto* button : bar.findChildren<QToolButton*>())
    if (button->text() == "Clear") button->click();
  EXPECT_TRUE(selection().filter().shows_everything());
}

TEST_F(Bar, ShowsAFilterThatWasSetElsewhereAndWhatItHides) {
  const LayerId layer = run().allocations[0].layer;
  selection().set_filter({.text = "aten", .layer = layer, .least_bytes = 2048});
  ASSERT_TRUE(settle_bar());
  EXPECT_EQ(field("Filter by text")->text(), "aten");
  EXPECT_EQ(bar.findChild<QComboBox*>()->currentText(), to_text(run().layer(layer).path));
  EXPECT_EQ(field("Filter by least size")->text(), "2048 B");
  QString texts;
  for (const QLabel* label : bar.findChildren<QLabel*>()) texts += label->text();
  EXPECT_TRUE(texts.contains("blocks at the peak"));
}

TEST_F(WithSmallRun, DetailsTellAllOfATensor) {
  Details details(session, nullptr);
  EXPECT_TRUE(details.text().contains("Nothing is chosen"));
  selection().choose_allocation(4);
  const Allocation& a = run().allocations[4];
  for (const QString& part :
       {QString("[48, 64]"), QString("float32"), exact_text(a.block_bytes), QString("aten::softmax"),
        to_text(run().layer(a.layer).path), QString("kept for it"), QString("0x%1").arg(a.address, 0, 16)})
    EXPECT_TRUE(details.text().contains(part)) << part.toStdString();
}

TEST_F(WithSmallRun, DetailsTellOfALayerACategoryAndAnInstant) {
  Details details(session, nullptr);
  const LayerId layer = run().allocations[0].layer;
  selection().choose_layer(layer);
  EXPECT_TRUE(details.text().contains(exact_text(run().peak.layers[static_cast<std::size_t>(layer)].bytes)));
  selection().choose_category(Category::gradient);
  EXPECT_TRUE(details.text().contains(exact_text(bytes_of(run().peak.categories, Category::gradient))));
  selection().choose({.event = 1});
  ASSERT_TRUE(wait_until([&] { return details.is_settled(); }));
  EXPECT_TRUE(details.text().contains(exact_text(8192)));
}

TEST_F(WithSmallRun, LinksChooseWhatTheySpeakOfAndNothingElse) {
  const LoadedRun& loaded = *session.current_loaded();
  EXPECT_TRUE(follow_link(loaded, selection(), "allocation:3"));
  EXPECT_EQ(selection().chosen().allocation, 3);
  for (const char* link :
       {"", "layer:", "layer:99999", "layer:-1", "category:9", "allocation:x", "event:9999999", "http://x"})
    EXPECT_FALSE(follow_link(loaded, selection(), link)) << link;
  EXPECT_EQ(selection().chosen().allocation, 3);
}

}  // namespace
}  // namespace headroom::gui
