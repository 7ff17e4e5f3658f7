// Axes, legends, zooming and pictures of tables.
#include <gmock/gmock.h>

#include <QAbstractItemModelTester>
#include <random>
#include <thread>

#include "gui/charts/axis.h"
#include "gui/charts/column_image.h"
#include "gui/charts/flat_fills.h"
#include "gui/charts/stretched_image.h"
#include "gui/charts/table_picture.h"
#include "gui/items/rows_model.h"
#include "gui/window/theme_for_thread.h"
#include "tests/gui/support.h"

namespace headroom::gui {
namespace {

TEST(Axis, TicksAreRoundNumbersOfOneUnit) {
  std::vector<std::string> texts;
  for (const Tick& tick : byte_ticks(std::int64_t{5} << 29, 5)) texts.push_back(tick.text.toStdString());
  EXPECT_THAT(texts, testing::ElementsAre("0", "0.5 GiB", "1 GiB", "1.5 GiB", "2 GiB", "2.5 GiB"));
}

TEST(Axis, TicksOfAnyRangeAreFewAndWithinIt) {
  for (std::int64_t most = 1; most < std::int64_t{1} << 60; most = most * 3 + 1) {
    const auto ticks = byte_ticks(most, 6);
    EXPECT_LE(ticks.size(), 8u) << most;
    EXPECT_GE(ticks.size(), 2u) << most;
    EXPECT_LE(ticks.back().bytes, most);
  }
}

TEST(ZoomRange, ZoomKeepsThePlaceUnderThePointer) {
  ZoomRange range(0, 100);
  EXPECT_TRUE(range.zoom(2, 25, 1, true));
  EXPECT_DOUBLE_EQ((25 - range.from()) / range.span(), 0.25);
  EXPECT_DOUBLE_EQ(range.span(), 50);
}

TEST(ZoomRange, StaysWithinTheWhole) {
  ZoomRange range(0, 100);
  range.zoom(4, 50, 1, false);
  range.move(1000, false);
  EXPECT_DOUBLE_EQ(range.to(), 100);
  EXPECT_DOUBLE_EQ(range.span(), 25);
  range.zoom(0.01, 50, 1, false);
  EXPECT_TRUE(range.is_whole());
  range.zoom(1e12, 10, 2, false);
  EXPECT_DOUBLE_EQ(range.span(), 2);
}

TEST(ZoomRange, UndoComesBackToEveryRememberedRange) {
  ZoomRange range(0, 100);
  range.zoom(2, 10, 1, true);
  const double from = range.from();
  range.move(5, true);
  range.move(1, false);
  EXPECT_TRUE(range.undo());
  EXPECT_DOUBLE_EQ(range.from(), from);
  EXPECT_TRUE(range.undo());
  EXPECT_TRUE(range.is_whole());
  EXPECT_FALSE(range.undo());
}

RowsModel& example(RowsModel& model, std::int64_t rows) {
  model.set({text_column("Name", "What it is called.", [](std::int64_t row) { return QString("tensor %1").arg(row); }),
             bytes_column("Size", "Of its block.", [](std::int64_t row) { return row << 20; })},
            rows);
  return model;
}

TEST(RowsModel, IsAModel) {
  RowsModel model;
  QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::Fatal);
  example(model, 7);
  EXPECT_EQ(model.rowCount(), 7);
  EXPECT_EQ(model.index(3, 1).data().toString(), "3.00 MiB");
  EXPECT_EQ(model.index(3, 1).data(kExportRole).toLongLong(), 3 << 20);
  EXPECT_EQ(model.index(3, 1).data(Qt::ToolTipRole).toString(), "3,145,728 bytes");
  EXPECT_EQ(model.headerData(1, Qt::Horizontal, Qt::ToolTipRole).toString(), "Of its block.");
  model.clear();
}

TEST(TablePicture, SaysHowManyRowsItLeavesOut) {
  RowsModel model;
  example(model, 100);
  EXPECT_GT(table_picture_height(model, {.most_rows = 20}), table_picture_height(model, {.most_rows = 19}));
  example(model, 20);
  EXPECT_EQ(table_picture_height(model, {.most_rows = 20}), table_picture_height(model, {.most_rows = 30}));
}

TEST(TablePicture, PaintsOnAnyPage) {
  RowsModel model;
  example(model, 3);
  for (const int width : {1, 60, 900}) {
    QImage image(width, 120, QImage::Format_ARGB32_Premultiplied);
    image.fill(Qt::transparent);
    QPainter painter(&image);
    paint_table(painter, QRectF(0, 0, width, 120), model);
    painter.end();
    EXPECT_GT(colour_count(image), 1) << width;
  }
}

TEST(ColumnImage, AColumnKeepsItsColourUntilItsNextBegins) {
  ColumnImage columns(3, 6);
  columns.begin(0, 2, Qt::red);
  columns.begin(0, 4, Qt::blue);
  columns.begin(2, 3, Qt::green);
  columns.begin(2, 3, Qt::yellow);
  columns.begin(2, 5, Qt::transparent);
  ASSERT_EQ(columns.first_row(), 2);
  std::vector<QRgb> pixels;
  const QImage image = columns.image(pixels);
  ASSERT_EQ(image.size(), QSize(3, 4));
  const auto column = [&](int x) {
    std::vector<QColor> colours;
    for (int y = 0; y < image.height(); ++y) colours.push_back(image.pixelColor(x, y));
    return colours;
  };
  const QColor none(0, 0, 0, 0), red(Qt::red), blue(Qt::blue), yellow(Qt::yellow);
  EXPECT_THAT(column(0), testing::ElementsAre(red, red, blue, blue));
  EXPECT_THAT(column(1), testing::ElementsAre(none, none, none, none));
  EXPECT_THAT(column(2), testing::ElementsAre(none, yellow, yellow, none)) << "of one row the last counts";
}

TEST(ColumnImage, WhatLiesOutsideIsCutOff) {
  ColumnImage columns(2, 4);
  columns.begin(-1, 0, Qt::red);
  columns.begin(2, 0, Qt::red);
  columns.begin(0, 4, Qt::red);
  EXPECT_TRUE(columns.is_empty());
  std::vector<QRgb> pixels;
  EXPECT_TRUE(columns.image(pixels).isNull());
  columns.begin(1, -7, Qt::red);
  EXPECT_EQ(columns.image(pixels).pixelColor(1, 0), QColor(Qt::red));
}

TEST(ColumnImage, APixelIsOneOfTheDevices) {
  for (const double ratio : {1.0, 1.5, 2.0}) {
    QImage image(30, 30, QImage::Format_RGB32);
    image.setDevicePixelRatio(ratio);
    image.fill(Qt::white);
    QPainter painter(&image);
    ColumnImage columns(2, 3);
    columns.begin(0, 1, Qt::red);
    columns.begin(1, 2, Qt::blue);
    draw_column_image(painter, {10 / ratio, 20 / ratio}, columns);
    painter.end();
    EXPECT_EQ(image.pixelColor(10, 21), QColor(Qt::red)) << ratio;
    EXPECT_EQ(image.pixelColor(10, 20), QColor(Qt::white)) << ratio;
    EXPECT_EQ(image.pixelColor(11, 22), QColor(Qt::blue)) << ratio;
    EXPECT_EQ(image.pixelColor(12, 22), QColor(Qt::white)) << ratio;
  }
}

// Opaque columns are written into the bitmap itself, where nothing clips them: the pixels are those of a painter.
TEST(ColumnImage, LooksTheSameHoweverItIsDrawn) {
  std::mt19937 random(3);
  for (int round = 0; round < 40; ++round) {
    const QSize size(20 + static_cast<int>(random() % 10), 15);
    ColumnImage columns(size.width(), size.height());
    for (int x = 0; x < size.width(); ++x)
      for (int row = static_cast<int>(random() % 4); row < size.height(); row += 1 + static_cast<int>(random() % 6))
        columns.begin(x, row, QColor::fromHsv(static_cast<int>(random() % 360), 200, 200));
    ASSERT_TRUE(columns.is_opaque());
    const QPoint at(static_cast<int>(random() % 40) - 10, static_cast<int>(random() % 30) - 10);
    const QRect clip(2, 3, 18 + static_cast<int>(random() % 30), 25);
    QImage direct(40, 30, QImage::Format_RGB32), painted(40, 30, QImage::Format_ARGB32);
    for (QImage* image : {&direct, &painted}) {
      image->fill(Qt::white);
      QPainter painter(image);
      if (round % 2 == 1) painter.setClipRect(clip);
      draw_column_image(painter, at, columns);
    }
    EXPECT_EQ(direct, painted.convertToFormat(QImage::Format_RGB32)) << round;
  }
  ColumnImage translucent(1, 1);
  translucent.begin(0, 0, QColor(1, 2, 3, 100));
  EXPECT_FALSE(translucent.is_opaque());
}

TEST(ColumnImage, ItsGroundIsSeenWhereNoColumnHasBegun) {
  ColumnImage columns(2, 4);
  columns.begin(0, 2, Qt::red);
  const QRgb white = qRgb(255, 255, 255), grey = qRgb(9, 9, 9), line = qRgb(1, 2, 3);
  QImage image(4, 6, QImage::Format_RGB32);
  image.fill(Qt::blue);
  columns.draw_into(image, {1, 1}, ColumnGround{{white, grey}, {0, 0, line, 0}});
  const auto column = [&](int x) {
    std::vector<QRgb> colours;
    for (int y = 0; y < image.height(); ++y) colours.push_back(image.pixel(x, y));
    return colours;
  };
  const QRgb red = qRgb(255, 0, 0), blue = qRgb(0, 0, 255);
  EXPECT_THAT(column(1), testing::ElementsAre(blue, white, white, red, red, blue));
  EXPECT_THAT(column(2), testing::ElementsAre(blue, grey, grey, line, grey, blue));
  EXPECT_THAT(column(3), testing::Each(blue));
}

// A window's own bitmap may be written where the painter's whole area may be; a clip that leaves any of it out forbids.
TEST(ColumnImage, PixelsAreWrittenOnlyWhereNothingIsClipped) {
  QImage image(20, 20, QImage::Format_RGB32), other(20, 20, QImage::Format_RGB16);
  QPainter painter(&image), on_other(&other);
  ASSERT_TRUE(pixels_of(painter, {2, 3}, {10, 10}).has_value());
  EXPECT_EQ(pixels_of(painter, {2, 3}, {10, 10})->covered, QRect(2, 3, 10, 10));
  EXPECT_FALSE(pixels_of(on_other, {2, 3}, {10, 10}).has_value());
  EXPECT_TRUE(is_on_pixels(painter, image.rect()));
  painter.translate(0.5, 0);
  EXPECT_FALSE(is_on_pixels(painter, QRect(0, 0, 10, 10)));
  painter.resetTransform();
  painter.setClipRect(QRect(2, 3, 10, 9));
  EXPECT_FALSE(pixels_of(painter, {2, 3}, {10, 10}).has_value());
}

TEST(FlatFills, AreWhatAPainterFills) {
  std::mt19937 random(5);
  const auto number = [&](double most) { return std::uniform_real_distribution<double>(-5, most)(random); };
  for (const double ratio : {1.0, 1.5, 2.0})
    for (int round = 0; round < 20; ++round) {
      QImage painted(60, 50, QImage::Format_RGB32);
      painted.setDevicePixelRatio(ratio);
      painted.fill(Qt::white);
      QImage flat = painted;
      QPainter painter(&painted);
      FlatFills fills(painter.deviceTransform());
      const QRectF whole(3, 2, 50 / ratio, 40 / ratio);
      painter.setClipRect(whole);
      for (int i = 0; i < 1 + round; ++i) {
        const QRectF rect = i == 0 ? whole : QRectF(number(50), number(40), 5 + number(30), 5 + number(20));
        const QColor colour = QColor::fromHsv(static_cast<int>(random() % 360), 200, 200);
        painter.fillRect(rect, colour);
        fills.fill(rect, colour);
      }
      painter.end();
      fills.draw_into(flat);
      ASSERT_EQ(flat, painted) << ratio << ' ' << round;
    }
}

QImage random_image(QSize size) {
  std::mt19937 random(6);
  QImage image(size, QImage::Format_RGB32);
  for (int y = 0; y < size.height(); ++y)
    for (int x = 0; x < size.width(); ++x) image.setPixel(x, y, static_cast<QRgb>(random()) | 0xff000000U);
  return image;
}

TEST(StretchedImage, IsWhatAPainterStretches) {
  const QImage source = random_image({20, 15});
  for (const QRectF& place :
       {QRectF(3, 2, 20, 15), QRectF(3, 2, 40, 45), QRectF(-30, -10, 80, 60), QRectF(50, 2, 9, 9)}) {
    QImage direct(45, 40, QImage::Format_RGB32), painted(45, 40, QImage::Format_ARGB32);
    for (QImage* image : {&direct, &painted}) {
      image->fill(Qt::white);
      QPainter painter(image);
      draw_stretched(painter, QRectF(2, 1, 40, 35), place, source);
    }
    EXPECT_EQ(direct, painted.convertToFormat(QImage::Format_RGB32)) << place.left();
  }
}

TEST(StretchedImage, OneThatIsAPartOfAPixelTooLargeKeepsItsRows) {
  const QImage source = random_image({20, 15});
  QImage image(30, 30, QImage::Format_RGB32);
  image.fill(Qt::white);
  QPainter painter(&image);
  draw_stretched(painter, QRectF(0, 0, 30, 30), QRectF(4, 5, 20.4, 15.4), source);
  painter.end();
  EXPECT_EQ(image.copy(4, 5, 20, 15), source);
}

TEST(Theme, OfAThreadIsItsOwn) {
  const Theme dark = make_theme(true);
  QColor seen, after;
  std::thread([&] {
    {
      const ThemeForThread own(dark);
      seen = theme().panel;
    }
    after = theme().panel;
  }).join();
  EXPECT_EQ(seen, dark.panel);
  EXPECT_EQ(after, theme().panel);
  EXPECT_NE(theme().panel, dark.panel);
}

TEST(Axis, TextIsCutToItsWidth) {
  QImage image(10, 10, QImage::Format_RGB32);
  const QPainter painter(&image);
  const QFontMetricsF metrics(painter.font());
  const QString text = QStringLiteral("encoder.layer.11.attention.output ") + QString(300, u'i');
  for (double width = 0; width < 400; width += 7) {
    const QString cut = fitted(painter, text, width);
    EXPECT_LE(metrics.horizontalAdvance(cut), width);
    EXPECT_EQ(cut, cut.isEmpty() ? QString() : metrics.elidedText(text, Qt::ElideRight, width)) << width;
  }
  EXPECT_EQ(fitted(painter, text, 1e6), text);
  EXPECT_EQ(fitted(painter, QStringLiteral("ab"), 200), QStringLiteral("ab"));
}

}  // namespace
}  // namespace headroom::gui
