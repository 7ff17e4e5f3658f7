#include "gui/export/picture.h"

#include <fmt/format.h>

#include <QBuffer>
#include <QCoreApplication>
#include <QPageLayout>
#include <QPageSize>
#include <QPdfWriter>
#include <QRegularExpression>
#include <QSvgGenerator>
#include <algorithm>
#include <cmath>

#include "base/bytes.h"
#include "base/error.h"
#include "base/names.h"
#include "gui/items/csv.h"
#include "gui/window/theme.h"

namespace headroom::gui {
namespace {

constexpr int kDotsPerInch = 96;  // so that a unit of a page is a logical pixel, whatever the screen
constexpr double kPointsPerPixel = 72.0 / kDotsPerInch;
constexpr double kMostPixels = 400e6;  // 1.5 GiB

QString tr(const char* text) { return QCoreApplication::translate("Export", text); }

void paint(View& view, QPaintDevice& device, const QSizeF& page, bool dark) {
  const ThemeForPicture theme(dark);
  QPainter painter;
  if (!painter.begin(&device)) throw could_not_measure("the picture cannot be painted");
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setFont(QFont());
  view.paint_page(painter, QRectF(QPointF(0, 0), page));
}

QByteArray png(View& view, const PictureOptions& options) {
  QByteArray bytes;
  QBuffer buffer(&bytes);
  buffer.open(QIODevice::WriteOnly);
  if (!picture_of_page(view, options).save(&buffer, "PNG"))
    throw could_not_measure("the picture cannot be written as PNG");
  return bytes;
}

QByteArray svg(View& view, const QString& title, const PictureOptions& options) {
  QByteArray bytes;
  QBuffer buffer(&bytes);
  const QSizeF page = page_of(view, options);
  QSvgGenerator generator;
  generator.setOutputDevice(&buffer);
  generator.setResolution(kDotsPerInch);
  generator.setSize(page.toSize());
  generator.setViewBox(QRectF(QPointF(0, 0), page));
  generator.setTitle(title.toHtmlEscaped());  // Qt writes it as it is
  generator.setDescription(tr("Made by Headroom"));
  paint(view, generator, page, options.dark);
  return bytes;
}

// Qt writes the time and a random number into each file; both are as long whatever they say, so nothing moves.
QByteArray without_time(QByteArray bytes) {
  static const QRegularExpression kDate(QStringLiteral("/CreationDate \\(D:([^)]*)\\)"));
  static const QRegularExpression kId(QStringLiteral("/ID \\[ ?<([0-9a-fA-F]*)> ?<([0-9a-fA-F]*)>"));
  const QString text = QString::fromLatin1(bytes);
  const auto fill = [&](const QRegularExpressionMatch& match, int group, const QByteArray& with) {
    if (match.capturedStart(group) >= 0)
      bytes.replace(match.capturedStart(group), match.capturedLength(group),
                    with.leftJustified(match.capturedLength(group), '0', true));
  };
  fill(kDate.match(text), 1, "20000101000000Z");
  for (const int group : {1, 2}) fill(kId.match(text), group, "0");
  return bytes;
}

QByteArray pdf(View& view, const QString& title, const PictureOptions& options) {
  QByteArray bytes;
  QBuffer buffer(&bytes);
  buffer.open(QIODevice::WriteOnly);
  const QSizeF page = page_of(view, options);
  {
    QPdfWriter writer(&buffer);
    writer.setResolution(kDotsPerInch);
    writer.setTitle(title);
    writer.setCreator(QStringLiteral("Headroom"));
    writer.setPageLayout(QPageLayout(QPageSize(page * kPointsPerPixel, QPageSize::Point, title, QPageSize::ExactMatch),
                                     QPageLayout::Portrait, QMarginsF()));
    paint(view, writer, page, options.dark);
  }
  return without_time(bytes);
}

}  // namespace

const std::vector<ExportFormatRow>& export_formats() {
  static const std::vector<ExportFormatRow> rows{{ExportFormat::png, "png", tr("PNG picture")},
                                                 {ExportFormat::svg, "svg", tr("SVG drawing")},
                                                 {ExportFormat::pdf, "pdf", tr("PDF page")},
                                                 {ExportFormat::csv, "csv", tr("CSV table")}};
  return rows;
}

ExportFormat export_format_named(std::string_view name) {
  std::vector<std::string_view> known;
  for (const auto& row : export_formats()) {
    if (row.name == name) return row.format;
    known.push_back(row.name);
  }
  throw bad_input(unknown_name_message("format", name, known));
}

std::string_view name_of(ExportFormat format) { return export_formats()[static_cast<std::size_t>(format)].name; }

// A page is as high as it was asked to be, unless the view says that it needs more than a chart would take.
QSizeF page_of(View& view, const PictureOptions& options) {
  const double width = options.size.width(), height = options.size.height(), needs = view.page_size(width).height();
  const bool is_chart = needs <= width * 0.6 + 0.5;
  return {width, std::ceil(is_chart ? height : std::max(height, needs))};
}

// Qt draws on no less than one pixel for each logical pixel, so a smaller picture is made of a larger one.
QImage picture_of_page(View& view, const PictureOptions& options) {
  const double scale = std::max(options.scale, 1.0);
  const QSizeF page = page_of(view, options), pixels = page * scale;
  const bool fits =
      pixels.width() * pixels.height() <= kMostPixels && pixels.height() < 32768 && pixels.width() < 32768;
  QImage image = fits ? QImage(pixels.toSize(), QImage::Format_RGB32) : QImage();
  if (image.isNull())
    throw bad_input(
        fmt::format("a picture of {:.0f} × {:.0f} pixels is too large; expected a smaller size or scale, or SVG",
                    pixels.width(), pixels.height()));
  image.setDevicePixelRatio(scale);
  image.setDotsPerMeterX(qRound(kDotsPerInch / 0.0254));
  image.setDotsPerMeterY(qRound(kDotsPerInch / 0.0254));
  image.fill(make_theme(options.dark).ground);
  paint(view, image, page, options.dark);
  if (options.scale >= 1) return image;
  image.setDevicePixelRatio(1);
  return image.scaled((page * options.scale).toSize().expandedTo({1, 1}), Qt::IgnoreAspectRatio,
                      Qt::SmoothTransformation);
}

QByteArray export_bytes(View& view, const QString& title, ExportFormat format, const PictureOptions& options) {
  switch (format) {
    case ExportFormat::png:
      return png(view, options);
    case ExportFormat::svg:
      return svg(view, title, options);
    case ExportFormat::pdf:
      return pdf(view, title, options);
    case ExportFormat::csv:
      break;
  }
  return write_csv(*view.table());
}

}  // namespace headroom::gui
