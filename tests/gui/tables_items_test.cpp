// Rows of allocations, the tree of layers, CSV and the clipboard.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <QAbstractItemModelTester>
#include <QStandardItemModel>

#include "gui/items/allocation_filter.h"
#include "gui/items/allocation_rows.h"
#include "gui/items/clipboard.h"
#include "gui/items/csv.h"
#include "gui/items/device_rows.h"
#include "gui/items/flat_rows.h"
#include "gui/items/layer_tree.h"
#include "tests/gui/support.h"
#include "tests/random_recording.h"
#include "tests/recording_text.h"

namespace headroom::gui {
namespace {

using Records = std::vector<std::vector<std::string>>;

// RFC 4180, read strictly: whatever it cannot read fails the test.
Records parse_csv(const std::string& text) {
  Records records;
  std::vector<std::string> record;
  for (std::size_t at = 0; at < text.size();) {
    std::string cell;
    if (text[at] == '"') {
      for (++at; at < text.size(); ++at) {
        if (text[at] != '"')
          cell += text[at];
        else if (at + 1 < text.size() && text[at + 1] == '"')
          cell += text[++at];
        else
          break;
      }
      ++at;
    } else {
      while (at < text.size() && text[at] != ',' && text[at] != '\r') cell += text[at++];
    }
    record.push_back(cell);
    if (at < text.size() && text[at] == ',') {
      ++at;
      continue;
    }
    EXPECT_EQ(text.substr(at, 2), "\r\n");
    at += 2;
    records.push_back(std::exchange(record, {}));
  }
  return records;
}

TEST(Csv, AnyTextComesBackAsItWas) {
  QStandardItemModel model(0, 2);
  model.setHorizontalHeaderLabels({"a, b", "\"quoted\""});
  const std::vector<QString> texts{"plain",      "",           "a,b",      "say \"x\"",
                                   "two\nlines", "cr\rlf\r\n", " spaces ", "ümläut — Ω"};
  for (const QString& text : texts) model.appendRow({new QStandardItem(text), new QStandardItem(text + text)});
  const Records records = parse_csv(write_csv(model).toStdString());
  ASSERT_EQ(records.size(), texts.size() + 1);
  EXPECT_THAT(records[0], testing::ElementsAre("a, b", "\"quoted\""));
  for (std::size_t i = 0; i < texts.size(); ++i)
    EXPECT_THAT(records[i + 1], testing::ElementsAre(texts[i].toStdString(), (texts[i] + texts[i]).toStdString()));
}

TEST(Csv, AnEmptyCellAloneIsALineStill) {
  QStandardItemModel model(1, 1);
  model.setHorizontalHeaderLabels({"x"});
  EXPECT_EQ(write_csv(model), "x\r\n\"\"\r\n");
}

TEST(Csv, SizesAreIntegersOfBytes) {
  RowsModel model;
  model.set({bytes_column("size", "", [](std::int64_t row) { return (row + 3) << 20; })}, 2);
  EXPECT_EQ(write_csv(model), "size\r\n3145728\r\n4194304\r\n");
}

TEST(Csv, RowsOfATreeAreNamedWithThoseAboveThem) {
  QStandardItemModel model;
  model.setHorizontalHeaderLabels({"name", "n"});
  auto* parent = new QStandardItem("model");
  model.appendRow({parent, new QStandardItem("1")});
  parent->appendRow({new QStandardItem("block"), new QStandardItem("2")});
  model.appendRow({new QStandardItem("sum"), new QStandardItem("3")});
  EXPECT_EQ(write_csv(model), "path,name,n\r\nmodel,model,1\r\nmodel / block,block,2\r\nsum,sum,3\r\n");
}

TEST(Csv, NoColumnsAreNoText) {
  RowsModel model;
  EXPECT_EQ(write_csv(model), "");
}

TEST(Clipboard, HoldsTheChosenRowsAndColumnsBetweenTabs) {
  RowsModel model;
  model.set({text_column("name", "", [](std::int64_t row) { return QString("a\tb <%1>").arg(row); }),
             bytes_column("size", "", [](std::int64_t row) { return row << 10; }),
             text_column("hidden", "", [](std::int64_t) { return QString("no"); })},
            5);
  const auto data = rows_for_clipboard(model, {model.index(1, 2), model.index(3, 0)}, {0, 1});
  EXPECT_EQ(data->text().toStdString(), "name\tsize\na b <1>\t1024\na b <3>\t3072\n");
  EXPECT_THAT(data->html().toStdString(), testing::HasSubstr("<td align=\"right\">3.00 KiB</td>"));
  EXPECT_THAT(data->html().toStdString(), testing::HasSubstr("&lt;3&gt;"));
}

AllocationRowsHandle rows_of(const AllocationQuery& query) { return find_rows(query, std::atomic<bool>(false)); }

TEST(AllocationRows, OfThePeakAddUpToIt) {
  for (std::uint32_t seed = 0; seed < 12; ++seed) {
    const RunHandle run = run_of(testing_support::random_recording(seed, 300), "random");
    const auto rows = rows_of({.run = run});
    EXPECT_EQ(rows->shown_bytes, run->breakdown.peak.allocated_bytes);
    EXPECT_EQ(rows->order.size(), run->breakdown.peak.live.size());
  }
}

TEST(AllocationRows, OfEveryInstantAreThoseThatAreAliveThen) {
  const RunHandle run = run_of(testing_support::random_recording(5, 200), "random");
  for (std::int64_t event = 0; event < static_cast<std::int64_t>(run->recording.events.size()); event += 7) {
    std::int64_t bytes = 0;
    for (const Allocation& a : run->breakdown.allocations)
      if (a.begin <= event && (a.end == kNeverFreed || a.end > event)) bytes += a.block_bytes;
    EXPECT_EQ(rows_of({.run = run, .event = event})->shown_bytes, bytes);
  }
}

TEST(AllocationRows, FilterLeavesWhatItShows) {
  const RunHandle run = run_of(small_recording(), "small");
  const auto count = [&](const Filter& filter) {
    return rows_of({.run = run, .scope = AllocationScope::all, .filter = filter})->order.size();
  };
  Filter gradients;
  gradients.categories.fill(false);
  gradients.categories[static_cast<std::size_t>(Category::gradient)] = true;
  EXPECT_EQ(count({}), 11U);
  EXPECT_EQ(count(gradients), 2U);
  EXPECT_EQ(count({.text = "SOFTMAX"}), 1U);
  EXPECT_EQ(count({.text = "block.1"}), 5U);
  EXPECT_EQ(count({.least_bytes = 12288}), 3U);
  EXPECT_EQ(count({.text = "nothing is called so"}), 0U);
}

TEST(AllocationRows, FilterOfALayerHoldsThoseBelowIt) {
  const RunHandle run = run_of(small_recording(), "small");
  const auto& layers = run->breakdown.layers;
  const auto block = std::ranges::find(layers, "model.block.0", &Layer::path);
  const auto named = block != layers.end() ? block : std::ranges::find(layers, "block.0", &Layer::path);
  ASSERT_NE(named, layers.end());
  const auto rows = rows_of({.run = run, .scope = AllocationScope::all, .filter = {.layer = named->id}});
  EXPECT_EQ(rows->order.size(), 5U);
}

RowsModel& model_of(RowsModel& model, const AllocationQuery& query) {
  const auto rows = rows_of(query);
  std::vector<Column> columns;
  for (AllocationColumn& column : allocation_columns(rows)) columns.push_back(std::move(column.column));
  model.set(std::move(columns), static_cast<std::int64_t>(rows->order.size()));
  return model;
}

RunHandle oom_run() {
  return run_of(
      testing_support::recording_from_text("t=10 +4096@w block.0/attn aten::empty parameter \"[1024] float32\"\n"
                                           "== forward 1\n"
                                           "t=20 +8192@h block.0/attn aten::mm activation? \"[2048] float32\"\n"
                                           "outcome oom\n"),
      "oom");
}

TEST(AllocationRows, AreAModelWhateverTheRun) {
  RowsModel model;
  QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::Fatal);
  for (const RunHandle& run :
       {run_of(small_recording(), "small"), oom_run(), run_of(testing_support::random_recording(3, 150), "random")}) {
    model_of(model, {.run = run, .scope = AllocationScope::all, .key = AllocationKey::begin, .descending = false});
    EXPECT_EQ(model.rowCount(), static_cast<int>(run->breakdown.allocations.size()));
    for (int row = 0; row < model.rowCount(); ++row)
      for (int c = 0; c < model.columnCount(); ++c) EXPECT_FALSE(model.index(row, c).data().isNull());
  }
}

std::int64_t export_sum(const QAbstractItemModel& model, int column, const QModelIndex& parent = {}) {
  std::int64_t sum = 0;
  for (int row = 0; row < model.rowCount(parent); ++row) {
    const QModelIndex index = model.index(row, 0, parent);
    const bool is_total = !parent.isValid() && row == model.rowCount() - 1;
    if (!is_total)
      sum += index.siblingAtColumn(column).data(kExportRole).toLongLong() + export_sum(model, column, index);
  }
  return sum;
}

int column_named(const QAbstractItemModel& model, const QString& title) {
  for (int c = 0; c < model.columnCount(); ++c)
    if (model.headerData(c, Qt::Horizontal).toString() == title) return c;
  return -1;
}

TEST(LayerTree, OwnBytesOfAllRowsAddUpToThePeakAndSoDoesTheSum) {
  for (std::uint32_t seed = 0; seed < 9; ++seed) {
    const RunHandle run = run_of(testing_support::random_recording(seed, 300), "random");
    LayerTree tree;
    for (const bool folded : {false, true}) {
      tree.set(run, layers_at(*run, {}, {}), {.with_children = false, .folded = folded});
      const int together = column_named(tree, "together");
      EXPECT_EQ(export_sum(tree, together), run->breakdown.peak.allocated_bytes);
      const QModelIndex total = tree.index(tree.rowCount() - 1, together);
      EXPECT_TRUE(tree.is_total(total));
      EXPECT_EQ(total.data(kExportRole).toLongLong(), run->breakdown.peak.allocated_bytes);
    }
  }
}

TEST(LayerTree, ARowWithItsChildrenHoldsThemAll) {
  const RunHandle run = run_of(small_recording(), "small");
  LayerTree tree;
  tree.set(run, layers_at(*run, {}, {}), {});
  EXPECT_EQ(tree.index(0, column_named(tree, "together")).data(kExportRole).toLongLong(),
            run->breakdown.peak.allocated_bytes);
}

TEST(LayerTree, IsAModelInEveryForm) {
  for (const RunHandle& run :
       {run_of(small_recording(), "small"), oom_run(), run_of(testing_support::random_recording(4, 200), "random")}) {
    LayerTree tree;
    LayerTreeSort sorted(nullptr);
    sorted.setSourceModel(&tree);
    QAbstractItemModelTester tester(&tree, QAbstractItemModelTester::FailureReportingMode::Fatal);
    QAbstractItemModelTester sorted_tester(&sorted, QAbstractItemModelTester::FailureReportingMode::Fatal);
    for (const auto figures : {LayerFigures::instant, LayerFigures::run})
      for (const bool folded : {false, true}) {
        tree.set(run, layers_at(*run, {}, {}), {.figures = figures, .folded = folded});
        EXPECT_EQ(tree.columnCount() > 1, true);
      }
    tree.clear();
    EXPECT_EQ(tree.rowCount(), 0);
  }
}

// Three equal blocks of an attention with two equal experts each, of 4096 bytes a leaf.
RunHandle run_of_equal_blocks() {
  std::string text = "t=5 +4096@e embeddings aten::empty parameter\n";
  int number = 0;
  for (int block = 0; block < 3; ++block)
    for (const char* leaf : {"attn", "experts.0", "experts.1"})
      text += fmt::format("t={} +{}@b{} encoder/layer.{}/{} aten::empty parameter\n", 10 + number, 4096 * (block + 1),
                          number, block, leaf),
          ++number;
  Recording recording = testing_support::recording_from_text(text);
  for (Layer& layer : recording.layers) {
    std::ranges::replace(layer.path, '/', '.');
    layer.kind = LayerKind::ffn;  // what is of no known kind is not folded
  }
  return run_of(std::move(recording), "blocks");
}

QStringList paths_below(const LayerTree& tree, const QModelIndex& parent = {}) {
  QStringList paths;
  for (int row = 0; row < tree.rowCount(parent); ++row) {
    paths << tree.index(row, 0, parent).data(kExportRole).toString();
    paths << paths_below(tree, tree.index(row, 0, parent));
  }
  return paths;
}

TEST(LayerTree, AFoldedRowIsUnfoldedOnItsOwn) {
  const RunHandle run = run_of_equal_blocks();
  const auto instant = layers_at(*run, {}, {});
  LayerTree tree;
  QAbstractItemModelTester tester(&tree, QAbstractItemModelTester::FailureReportingMode::Fatal);
  tree.set(run, instant, {});
  const QStringList folded = paths_below(tree);
  const QModelIndex row = tree.index_of(LayerId{static_cast<LayerId>(run->breakdown.allocations.back().layer)});
  ASSERT_TRUE(row.isValid());
  const QModelIndex blocks = row.parent();
  const QString path = tree.fold_path(blocks);
  EXPECT_EQ(path, QStringLiteral("encoder.layer.0–2"));
  EXPECT_EQ(tree.fold_count(blocks), 3);
  EXPECT_EQ(blocks.data(kFoldLinkRole).toString(), QStringLiteral("×3"));
  tree.set(run, instant, {.unfolded = {path}});
  const QStringList opened = paths_below(tree);
  for (const char* wanted : {"encoder.layer.0", "encoder.layer.1.attn", "encoder.layer.2.experts.0–1"})
    EXPECT_TRUE(opened.contains(QString::fromUtf8(wanted))) << wanted << " in " << opened.join(' ').toStdString();
  EXPECT_EQ(opened.size(), folded.size() + 2 * 3);  // of each of the three: itself and two rows below, two times more
  const QModelIndex first = tree.index_of(QStringLiteral("encoder.layer.0"));
  EXPECT_EQ(tree.unfolded_path(first), path);
  EXPECT_EQ(first.data(kFoldLinkRole).toString(), QStringLiteral("fold again"));
  EXPECT_EQ(tree.index_of(QStringLiteral("encoder.layer.1")).data(kFoldLinkRole).toString(), QString());
  const int together = column_named(tree, "together");
  const auto bytes = [&](const char* of) {
    return tree.index_of(QString::fromUtf8(of)).siblingAtColumn(together).data(kExportRole).toLongLong();
  };
  EXPECT_EQ(bytes("encoder.layer.2"), 3 * 3 * 4096);
  EXPECT_EQ(bytes("encoder.layer.2.experts.0–1"), 2 * 3 * 4096);
  tree.set(run, instant, {.with_children = false, .unfolded = {path, QStringLiteral("encoder.layer.1.experts.0–1")}});
  EXPECT_TRUE(paths_below(tree).contains(QStringLiteral("encoder.layer.1.experts.1")));
  EXPECT_FALSE(paths_below(tree).contains(QStringLiteral("encoder.layer.2.experts.1")));
  EXPECT_EQ(export_sum(tree, together), run->breakdown.peak.allocated_bytes);
  tree.set(run, instant, {.unfolded = {QStringLiteral("nothing of this run")}});
  EXPECT_EQ(paths_below(tree), folded);
}

TEST(LayerTree, AFoldedRowStandsForEachOfItsLayers) {
  const RunHandle run = run_of_equal_blocks();
  LayerTree tree;
  tree.set(run, layers_at(*run, {}, {}), {});
  const QModelIndex blocks = tree.index_of(QStringLiteral("encoder.layer.0–2"));
  EXPECT_TRUE(tree.stands_for(blocks, QStringLiteral("LAYER.1")));
  EXPECT_FALSE(tree.stands_for(blocks, QStringLiteral("layer.7")));
  EXPECT_FALSE(tree.stands_for({}, QStringLiteral("layer.1")));
}

TEST(LayerTree, TheSumStaysLastHoweverItIsSorted) {
  const RunHandle run = run_of(small_recording(), "small");
  LayerTree tree;
  tree.set(run, layers_at(*run, {}, {}), {});
  LayerTreeSort sorted(nullptr);
  sorted.setSourceModel(&tree);
  for (const auto order : {Qt::AscendingOrder, Qt::DescendingOrder}) {
    sorted.sort(column_named(tree, "together"), order);
    EXPECT_TRUE(tree.is_total(sorted.mapToSource(sorted.index(sorted.rowCount() - 1, 0))));
  }
}

TEST(LayerTree, AFilterLeavesOutBlocksAndLayersWithoutAny) {
  const RunHandle run = run_of(small_recording(), "small");
  const auto instant = layers_at(*run, {}, {.text = "softmax"});
  EXPECT_EQ(instant->shown_bytes, 12288);
  EXPECT_EQ(instant->view.allocated_bytes, run->breakdown.peak.allocated_bytes);
  LayerTree tree;
  tree.set(run, instant, {.folded = false});
  EXPECT_TRUE(tree.index_of(run->breakdown.allocations[4].layer).isValid());
  EXPECT_FALSE(tree.index_of(run->breakdown.allocations[1].layer).isValid());
}

TEST(LayerTree, AnInstantHoldsWhatWasAliveThen) {
  const RunHandle run = run_of(small_recording(), "small");
  const std::int64_t event = run->breakdown.allocations[1].begin;
  EXPECT_EQ(layers_at(*run, event, {})->shown_bytes, 8192 + 4096);
}

TEST(FlatRows, IndentTheRowsOfATree) {
  const RunHandle run = run_of(small_recording(), "small");
  LayerTree tree;
  tree.set(run, layers_at(*run, {}, {}), {.folded = false});
  RowsModel flat;
  set_flat(flat, tree, {0, column_named(tree, "together")});
  EXPECT_EQ(flat.rowCount(), static_cast<int>(run->breakdown.layers.size()) + 1);
  EXPECT_TRUE(flat.index(1, 0).data().toString().startsWith(QChar(0xa0)));
  EXPECT_EQ(flat.index(flat.rowCount() - 1, 1).data(kExportRole).toLongLong(), run->breakdown.peak.allocated_bytes);
}

TEST(DeviceRows, LaunchesOfAllKernelsAddUpToTheTotal) {
  for (std::uint32_t seed = 0; seed < 6; ++seed) {
    const RunHandle run = run_of(testing_support::random_recording(seed, 300), "random");
    EXPECT_EQ(kernel_rows(run, {}).count, run->breakdown.device.total.kernels.count);
    EXPECT_EQ(place_rows(run, {}).count, run->breakdown.device.total.kernels.count);
    std::int64_t in_layers = 0;
    for (const Layer& layer : run->breakdown.layers)
      if (layer.id != LayerId::root && layer.parent == LayerId::root)
        in_layers += kernel_rows(run, {.layer = layer.id}).count;
    EXPECT_LE(in_layers, run->breakdown.device.total.kernels.count);
  }
}

}  // namespace
}  // namespace headroom::gui
